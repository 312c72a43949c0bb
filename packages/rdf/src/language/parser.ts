import { SheafError, sourceError } from '@sheafdb/core'
import { toAlgebra } from '@traqula/algebra-sparql-1-2'
import { Parser } from '@traqula/parser-sparql-1-2'
import type { DatasetSyntax, OperationSyntax, QuerySyntax, UpdateSyntax } from './syntax.ts'

type ParserError = {
  readonly message: string
  readonly token: { readonly startOffset: number; readonly image: string }
  readonly previousToken?: { readonly endOffset?: number }
}

let sharedParser: Parser | undefined
let failedAt: ParserError | undefined

/** Makes the parser when it is first needed: that takes some tens of milliseconds. */
function parser(): Parser {
  sharedParser ??= new Parser({
    errorHandler: (errors: unknown) => {
      failedAt = (errors as readonly ParserError[])[0]
      throw new Error(failedAt?.message ?? 'the text does not follow the grammar')
    },
  } as never)
  return sharedParser
}

const MAX_NESTING = 200

/** Refuses texts whose brackets nest deeper than the recursive parser and lowering can follow. */
function checkNesting(text: string): void {
  let depth = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit === 0x7b || unit === 0x28 || unit === 0x5b) depth += 1
    else if (unit === 0x7d || unit === 0x29 || unit === 0x5d) depth -= 1
    if (depth > MAX_NESTING) {
      throw sourceError('LIMIT', `Brackets may be nested ${MAX_NESTING} deep. Write the query flatter.`, {
        text,
        offset: index,
      })
    }
  }
}

function algebraOf(text: string, baseIri: string | undefined, quads: boolean): { readonly type: string } {
  checkNesting(text)
  failedAt = undefined
  try {
    return toAlgebra(parser().parse(text), {
      quads,
      ...(baseIri === undefined ? {} : { baseIRI: baseIri }),
    }) as { readonly type: string }
  } catch (error) {
    throw syntaxError(text, error)
  }
}

function syntaxError(text: string, error: unknown): SheafError {
  if (error instanceof SheafError) return error
  const found = error instanceof Error ? error.message : String(error)
  return sourceError('SYNTAX', messageOf(found), { text, offset: offsetOf(text, found) })
}

/** Finds the place that an error is about: the token that did not fit, the offset in a lexer's message, or a prefix. */
function offsetOf(text: string, message: string): number {
  if (failedAt !== undefined) {
    const { startOffset } = failedAt.token
    return Number.isNaN(startOffset)
      ? (failedAt.previousToken?.endOffset ?? text.length - 1) + 1
      : startOffset
  }
  const lexer = /at offset: (\d+)/.exec(message)
  if (lexer !== null) return Number(lexer[1])
  const prefix = /Unknown prefix: (.*)/.exec(message)
  return prefix === null ? 0 : Math.max(0, text.indexOf(`${prefix[1]}:`))
}

function messageOf(found: string): string {
  const [first = ''] = found.split('\n')
  if (failedAt !== undefined) {
    const { image } = failedAt.token
    return image === ''
      ? 'The query ends too early. Complete it.'
      : `The query does not follow the grammar of SPARQL here. Correct it near: ${image}`
  }
  if (/^Unknown prefix/.test(first)) return `${first}. Declare it with PREFIX.`
  return `The query is not valid SPARQL. Correct it: ${first}`
}

/**
 * Parses a query into the algebra of SPARQL.
 *
 * @throws `SYNTAX` with the position
 */
export function parseQuery(text: string, baseIri?: string): QuerySyntax {
  const algebra = algebraOf(text, baseIri, false) as unknown as AlgebraQuery
  if (algebra.type === 'from')
    return formOf(algebra.input, { default: algebra.default, named: algebra.named }, text)
  return formOf(algebra, null, text)
}

type AlgebraQuery = OperationSyntax & {
  readonly input: AlgebraQuery
  readonly default: DatasetSyntax['default']
  readonly named: DatasetSyntax['named']
  readonly template: Extract<QuerySyntax, { form: 'construct' }>['template']
  readonly terms: Extract<QuerySyntax, { form: 'describe' }>['terms']
}

const UPDATES = new Set([
  'compositeupdate',
  'deleteinsert',
  'load',
  'clear',
  'create',
  'drop',
  'add',
  'move',
  'copy',
  'nop',
])

function formOf(algebra: AlgebraQuery, dataset: DatasetSyntax | null, text: string): QuerySyntax {
  const type = algebra.type as string
  if (UPDATES.has(type)) {
    throw sourceError('SYNTAX', 'This is an update, not a query. Run it with update().', { text, offset: 0 })
  }
  switch (type) {
    case 'ask':
      return { form: 'ask', pattern: algebra.input, dataset }
    case 'construct':
      return { form: 'construct', pattern: algebra.input, dataset, template: algebra.template }
    case 'describe':
      return { form: 'describe', pattern: algebra.input, dataset, terms: algebra.terms }
    default:
      return { form: 'select', pattern: algebra, dataset }
  }
}

/**
 * Parses an update request into its operations, in order.
 *
 * @throws `SYNTAX` with the position
 */
export function parseUpdate(text: string, baseIri?: string): readonly UpdateSyntax[] {
  const algebra = algebraOf(text, baseIri, true) as unknown as UpdateSyntax & {
    readonly updates: readonly UpdateSyntax[]
  }
  const type = algebra.type as string
  if (type === 'compositeupdate') return algebra.updates
  if (UPDATES.has(type)) return [algebra]
  throw sourceError('SYNTAX', 'This is a query, not an update. Run it with query().', { text, offset: 0 })
}
