import type { PlanField } from '@sheafdb/core'
import type { RelationColumn, RelationSource } from './session.ts'
import { duckTypeOf, sqlTypeOf } from './types.ts'

/** Gives the columns under which DuckDB sees the output of a plan; names that stand twice get a number. */
export function relationColumns(output: readonly PlanField[]): RelationColumn[] {
  const seen = new Set<string>()
  return output.map((field) => {
    let name = field.name
    for (let copy = 1; seen.has(name.toLowerCase()); copy += 1) name = `${field.name}_${copy}`
    seen.add(name.toLowerCase())
    return { name, type: duckTypeOf(field.type), sqlType: sqlTypeOf(field.type) }
  })
}

/** Shows the columns of a plan to DuckDB without rows: enough to check a statement. */
export function emptyRelation(output: readonly PlanField[]): RelationSource {
  return { columns: relationColumns(output), scan: () => [] }
}
