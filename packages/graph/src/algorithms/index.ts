import type { Algorithm } from './algorithm.ts'
import { labelPropagation, louvain } from './communities.ts'
import { stronglyConnected, weaklyConnected } from './components.ts'
import { randomWalks, similarity, spanningTree, topologicalSort } from './orders.ts'
import { pageRank, personalizedPageRank } from './page-rank.ts'
import { allShortestPaths, betweenness, breadthFirst, shortestPaths } from './searches.ts'
import { degrees, kCore, localClustering, triangleCount } from './structure.ts'

/** Lists the algorithms, called as `algo.<name>`. */
export const algorithms: readonly Algorithm[] = [
  breadthFirst,
  shortestPaths,
  allShortestPaths,
  pageRank,
  personalizedPageRank,
  weaklyConnected,
  stronglyConnected,
  labelPropagation,
  louvain,
  triangleCount,
  localClustering,
  kCore,
  betweenness,
  degrees,
  similarity,
  spanningTree,
  topologicalSort,
  randomWalks,
]
