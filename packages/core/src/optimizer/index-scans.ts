import type { IndexDefinition } from '../catalog/index-definition.ts'
import { type IndexMatch, matchIndex } from '../catalog/index-match.ts'
import type { LogicalPlan, ScanPlan } from '../plan/logical-plan.ts'
import { mapPlan } from '../plan/traverse.ts'
import type { OptimizerContext, Rule } from './rule.ts'

/** Names, for each scan with filters, the index that answers most of them. */
export const indexScans: Rule = {
  name: 'index-scans',
  apply: (plan, context) =>
    mapPlan(plan, (node) => (node.kind === 'scan' ? chooseIndex(node, context) : node)),
}

function chooseIndex(scan: ScanPlan, context: OptimizerContext): LogicalPlan {
  if (scan.filters.length === 0) return scan
  const table = context.definition(scan.table)
  if (table === undefined || table.indexes.length === 0) return scan
  let best: { readonly index: IndexDefinition; readonly rank: number } | null = null
  for (const index of table.indexes) {
    const match = matchIndex(scan, table, index)
    if (match === null) continue
    const rank = rankOf(match, index)
    if (best === null || rank > best.rank) best = { index, rank }
  }
  return best === null ? scan : Object.freeze({ ...scan, index: best.index.name })
}

/** Ranks what filters say about an index: a whole unique key before more equal parts before a range. */
function rankOf({ equal, lower, upper }: IndexMatch, { unique, parts }: IndexDefinition): number {
  const isWhole = unique !== null && equal.length === parts.length
  const bounds = Number(lower !== null) + Number(upper !== null)
  return (isWhole ? 100 : 0) + equal.filter((each) => !each.list).length * 4 + equal.length * 4 + bounds
}
