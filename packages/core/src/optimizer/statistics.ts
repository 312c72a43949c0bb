import type { ColumnStatistics } from '../catalog/table-source.ts'
import type { Snapshot } from '../catalog/table-store.ts'
import type { Value } from '../types/value.ts'
import type { OptimizerContext } from './rule.ts'

/** Gives the optimizer the statistics of a snapshot; each is asked for once. */
export function optimizerContext(snapshot: Snapshot): OptimizerContext {
  const counts = new Map<string, number>()
  const columns = new Map<string, ColumnStatistics | null>()
  const columnOf = (table: string, field: string): ColumnStatistics | null => {
    const name = JSON.stringify([table, field])
    let known = columns.get(name)
    if (known === undefined) {
      known = snapshot.source(table).statistics().column(field)
      columns.set(name, known)
    }
    return known
  }
  return {
    rowCount(table) {
      let count = counts.get(table)
      if (count === undefined) {
        count = snapshot.source(table).statistics().rowCount
        counts.set(table, count)
      }
      return count
    },
    distinctCount: (table, field) => columnOf(table, field)?.distinctCount ?? null,
    bounds(table, field) {
      const statistics = columnOf(table, field)
      const minimum = numberOf(statistics?.minimum)
      const maximum = numberOf(statistics?.maximum)
      return minimum === null || maximum === null ? null : { minimum, maximum }
    },
    definition: (table) => snapshot.catalog.table(table),
    key: (table) => snapshot.catalog.table(table)?.key ?? [],
  }
}

/** Reads a value as a number to measure by, `null` where it is none. */
export function numberOf(value: Value | undefined): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'bigint' ? Number(value) : null
}
