import type { PlanField } from '@sheafdb/core'
import { type DataType, Type } from 'apache-arrow'
import type { RelationColumn, RelationSource } from './session.ts'
import { duckTypeOf, sqlTypeOf } from './types.ts'

/** Gives the columns under which DuckDB sees the output of a plan; names that stand twice get a number. */
export function relationColumns(output: readonly PlanField[]): RelationColumn[] {
  const seen = new Set<string>()
  return output.map((field) => {
    let name = field.name
    for (let copy = 1; seen.has(name.toLowerCase()); copy += 1) name = `${field.name}_${copy}`
    seen.add(name.toLowerCase())
    return { name, type: duckTypeOf(field.type), sqlType: sqlTypeOf(field.type) ?? plainText(field.type) }
  })
}

/** Shows the columns of a plan to DuckDB without rows: enough to check a statement. */
export function emptyRelation(output: readonly PlanField[]): RelationSource {
  return { columns: relationColumns(output), scan: () => [] }
}

/** Text is cast to text in the view, which costs nothing, so that its codes may stand in for it (see `codeDictionaries`). */
function plainText(type: DataType): string | undefined {
  return type.typeId === Type.Utf8 ? 'VARCHAR' : undefined
}
