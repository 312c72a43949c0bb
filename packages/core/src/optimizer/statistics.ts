import type { Snapshot } from '../catalog/table-store.ts'
import type { OptimizerContext } from './rule.ts'

/** Gives the optimizer the statistics of a snapshot. */
export function optimizerContext(snapshot: Snapshot): OptimizerContext {
  return {
    rowCount: (table) => snapshot.source(table).statistics().rowCount,
    distinctCount: (table, field) => snapshot.source(table).statistics().column(field)?.distinctCount ?? null,
    definition: (table) => snapshot.catalog.table(table),
    key: (table) => snapshot.catalog.table(table)?.key ?? [],
  }
}
