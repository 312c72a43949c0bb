import { documentFinds } from '../workloads/document-find.ts'
import { documentGroups } from '../workloads/document-group.ts'
import {
  documentById,
  documentInsert,
  documentOdd,
  documentSize,
  documentUpdate,
} from '../workloads/document-write.ts'
import { engineMemory } from '../workloads/engine/memory.ts'
import { objects } from '../workloads/engine/objects.ts'
import { operators } from '../workloads/engine/operators.ts'
import { resultRows } from '../workloads/engine/rows.ts'
import { smallest } from '../workloads/engine/smallest.ts'
import { triangles } from '../workloads/engine/triangles.ts'
import { flightsGroup } from '../workloads/flights-group.ts'
import { flightsLoad, flightsReopen, flightsSize } from '../workloads/flights-load.ts'
import { graphAlgorithms } from '../workloads/graph/algorithms.ts'
import { graphLsqb, graphLsqbEach } from '../workloads/graph/lsqb.ts'
import { socialQueries } from '../workloads/graph/social-queries.ts'
import { graphSurreal } from '../workloads/graph/surreal.ts'
import { graphWrites } from '../workloads/graph/writes.ts'
import { kvLoad, kvReopen, kvSize } from '../workloads/kv-load.ts'
import { kvPut, kvPutTogether } from '../workloads/kv-put.ts'
import { kvGet, kvPrefix, kvRange } from '../workloads/kv-read.ts'
import { kvYcsb } from '../workloads/kv-ycsb.ts'
import { nearestExact } from '../workloads/nearest.ts'
import { pointQuery } from '../workloads/point-query.ts'
import { rdfWorkloads } from '../workloads/rdf/index.ts'
import { relationalWorkloads } from '../workloads/relational/index.ts'
import { sumInt32 } from '../workloads/sum-int32.ts'
import { tensorArrays, tensorMatmul } from '../workloads/tensor/compute.ts'
import { tensorFiles } from '../workloads/tensor/files.ts'
import { tensorExact, tensorFiltered, tensorHnsw } from '../workloads/tensor/search.ts'
import { tpch } from '../workloads/tpch/workloads.ts'
import { twoHop } from '../workloads/two-hop.ts'
import type { Workload } from './workload.ts'

/** Lists the workloads in the order in which they run. */
export const workloads: readonly Workload[] = [
  flightsLoad,
  flightsReopen,
  flightsGroup,
  flightsSize,
  sumInt32,
  engineMemory,
  pointQuery,
  twoHop,
  triangles,
  ...operators,
  resultRows,
  ...smallest,
  ...objects,
  ...tpch,
  nearestExact,
  documentInsert,
  documentById,
  ...documentFinds,
  ...documentGroups,
  documentUpdate,
  documentSize,
  documentOdd,
  ...rdfWorkloads,
  kvGet,
  kvRange,
  kvPrefix,
  kvLoad,
  kvReopen,
  kvSize,
  kvPut,
  kvPutTogether,
  ...kvYcsb,
  tensorExact,
  tensorFiltered,
  ...tensorHnsw,
  tensorMatmul,
  ...tensorArrays,
  ...tensorFiles,
  ...relationalWorkloads,
  ...socialQueries,
  graphSurreal,
  graphLsqb,
  ...graphLsqbEach,
  ...graphAlgorithms,
  ...graphWrites,
]
