import type { Algorithm, OutputKind } from '../algorithms/algorithm.ts'
import { algorithms } from '../algorithms/index.ts'
import type { Procedure } from './procedure.ts'

const TYPES: Readonly<Record<OutputKind, string>> = {
  node: 'NODE',
  relationship: 'RELATIONSHIP',
  path: 'PATH',
  integer: 'INTEGER',
  float: 'FLOAT',
}

/** Gives the algorithms as procedures, by the name under which CALL finds them. */
export function algorithmProcedures(): Map<string, Procedure> {
  return new Map(algorithms.map((algorithm) => [`algo.${algorithm.name}`, procedureOf(algorithm)]))
}

function procedureOf(algorithm: Algorithm): Procedure {
  return {
    inputs: [
      ...algorithm.nodes.map((name) => ({ name, type: 'ANY' })),
      { name: 'settings', type: 'MAP', optional: true },
    ],
    outputs: algorithm.outputs.map(({ name, kind }) => ({ name, type: TYPES[kind] })),
    algorithm: algorithm.name,
  }
}
