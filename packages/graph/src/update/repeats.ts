import type { Value } from '@sheafdb/core'
import type { Binding } from '../language/lower/frame.ts'
import { isListValue, isMap, NodeValue, PathValue, RelationshipValue } from '../values.ts'
import type { ReadFrame } from './session.ts'

/**
 * Parts rows into runs, in order, such that no row of a run reads an entity that an earlier row of it changes: what is
 * computed for a run at once is what would be computed row by row. `reads` and `writes` name variables.
 */
export function independentRuns(
  read: ReadFrame,
  reads: ReadonlySet<string>,
  writes: ReadonlySet<string>,
): readonly (readonly number[])[] {
  const readers = entitiesOf(read, reads)
  const writers = entitiesOf(read, writes)
  const runs: number[][] = []
  let changed = new Set<string>()
  for (let row = 0; row < read.rowCount; row += 1) {
    const depends = readers.some((entities) => entities(row).some((key) => changed.has(key)))
    if (runs.length === 0 || depends) {
      runs.push([])
      changed = new Set()
    }
    runs.at(-1)?.push(row)
    for (const entities of writers) for (const key of entities(row)) changed.add(key)
  }
  return runs
}

type Entities = (row: number) => readonly string[]

/** Makes readers of the entities that variables hold, as texts that tell nodes from relationships. */
function entitiesOf(read: ReadFrame, names: ReadonlySet<string>): readonly Entities[] {
  return [...read.frame.bindings].flatMap(([name, binding]) =>
    names.has(name) ? readersOf(read, binding) : [],
  )
}

function readersOf(read: ReadFrame, binding: Binding): readonly Entities[] {
  const listed = (values: readonly Value[], prefix: string): Entities => {
    return (row) => idsOf(values[row] ?? null).map((id) => `${prefix}${id}`)
  }
  switch (binding.kind) {
    case 'node':
      return [listed(read.column(binding.id), 'n')]
    case 'relationship':
      return [listed(read.column(binding.id), 'r')]
    case 'relationships':
      return [listed(read.column(binding.edges), 'r')]
    case 'path':
      return [listed(read.column(binding.nodes), 'n'), listed(read.column(binding.edges), 'r')]
    case 'value': {
      const values = read.column(binding.value)
      return [(row) => wholeEntities(values[row] ?? null)]
    }
  }
}

function idsOf(value: Value): readonly number[] {
  if (value === null || value === undefined) return []
  return isListValue(value) ? Array.from(value, Number) : [Number(value)]
}

function wholeEntities(value: Value): readonly string[] {
  if (value instanceof NodeValue) return [`n${value.id}`]
  if (value instanceof RelationshipValue) return [`r${value.id}`]
  if (value instanceof PathValue) return [...value.nodes, ...value.relationships].flatMap(wholeEntities)
  if (value !== null && isListValue(value)) return Array.from(value).flatMap(wholeEntities)
  return isMap(value) ? Object.values(value).flatMap(wholeEntities) : []
}
