import { toAst } from '@traqula/algebra-sparql-1-2'
import { Generator } from '@traqula/generator-sparql-1-2'
import type { OperationSyntax } from './syntax.ts'

/** Writes the SELECT that asks another endpoint for a pattern. */
export function serviceQuery(pattern: OperationSyntax, variables: readonly string[]): string {
  const project = {
    type: 'project',
    input: pattern,
    variables: variables.map((value) => ({ termType: 'Variable', value })),
  }
  return new Generator().generate(toAst(project as never) as never)
}
