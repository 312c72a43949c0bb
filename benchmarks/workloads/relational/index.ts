import type { Workload } from '../../src/workload.ts'
import { relationalBulkArrow, relationalBulkObjects } from './bulk.ts'
import { relationalUpdate, relationalUpsert } from './changes.ts'
import { relationalCommits, relationalCommitsTogether } from './commits.ts'
import { relationalCopies, relationalSize } from './files.ts'
import { relationalPoints } from './points.ts'

/** Lists the workloads of SQL tables. */
export const relationalWorkloads: readonly Workload[] = [
  relationalPoints,
  relationalCommits,
  relationalCommitsTogether,
  relationalBulkArrow,
  relationalBulkObjects,
  relationalUpsert,
  relationalUpdate,
  ...relationalCopies,
  relationalSize,
]
