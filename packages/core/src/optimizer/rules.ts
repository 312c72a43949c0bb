import { countWays } from './count-ways.ts'
import { decorrelate } from './decorrelate.ts'
import { determinedGroups } from './determined-groups.ts'
import { indexScans } from './index-scans.ts'
import { lookupJoins } from './lookup-joins.ts'
import { mergeProjections } from './merge-projections.ts'
import { multiwayJoins } from './multiway-joins.ts'
import { orderJoins } from './order-joins.ts'
import { pruneColumns } from './prune-columns.ts'
import { pushFilters } from './push-filters.ts'
import { pushLimits } from './push-limits.ts'
import { pushPaths } from './push-paths.ts'
import type { Rule } from './rule.ts'
import { simplify } from './simplify.ts'
import { splitDisjunctions } from './split-disjunctions.ts'

/**
 * Lists the optimizer's rules in the order in which they run. Constants are folded first, since what is left decides
 * which filters move; applies become joins before filters are to reach them; filters move before joins are ordered,
 * since they decide the sizes; columns are dropped when it is known what reads them; how joins reach their rows is
 * decided last.
 */
export const ruleList: readonly Rule[] = [
  simplify,
  decorrelate,
  mergeProjections,
  splitDisjunctions,
  pushFilters,
  pushPaths,
  multiwayJoins,
  orderJoins,
  countWays,
  pushLimits,
  pruneColumns,
  mergeProjections,
  indexScans,
  lookupJoins,
  determinedGroups,
]
