import type { Workload } from '../../src/workload.ts'
import { rdfLibrary, rdfLibraryExists, rdfNetwork, rdfShop } from './joins.ts'
import { rdfLoadLines, rdfLoadTurtle, rdfMemory, rdfReopen } from './load.ts'
import { rdfMatch, rdfPoints } from './lookups.ts'
import { rdfLsqb } from './lsqb.ts'
import { rdfPaths } from './paths.ts'

/** Lists the workloads over RDF datasets. */
export const rdfWorkloads: readonly Workload[] = [
  rdfLoadLines,
  rdfLoadTurtle,
  rdfReopen,
  rdfMemory,
  rdfPoints,
  rdfMatch,
  rdfShop,
  rdfNetwork,
  rdfLibrary,
  rdfLibraryExists,
  rdfPaths,
  rdfLsqb,
]
