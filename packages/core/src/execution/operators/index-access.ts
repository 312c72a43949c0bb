import type { ExecutionContext } from '../../catalog/engine.ts'
import { type IndexMatch, matchIndex } from '../../catalog/index-match.ts'
import type { IndexBound, IndexRange, TableSource } from '../../catalog/table-source.ts'
import { evaluateConstant } from '../../expression/interpret.ts'
import type { ScanPlan } from '../../plan/logical-plan.ts'
import type { Value } from '../../types/value.ts'

/** Past this share of the table's rows, reading them in their order is quicker than by index. */
const MOST_ROWS = 0.15
/** So few rows are read by index in any case. */
const FEW_ROWS = 256
const MAX_RANGES = 10_000

const matches = new WeakMap<ScanPlan, IndexMatch | null>()

/** Gives the ranges of the index that the optimizer chose for a scan; `null` where reading them would not pay. */
export function indexRanges(
  plan: ScanPlan,
  source: TableSource,
  context: Pick<ExecutionContext, 'parameters'>,
): readonly IndexRange[] | null {
  if (plan.index === undefined) return null
  const match = matchOf(plan, source)
  const ranges = match === null ? null : rangesOf(match, context.parameters)
  if (ranges === null) return null
  const count = source.indexCount(plan.index, ranges)
  if (count === null) return null
  return count <= Math.max(FEW_ROWS, source.statistics().rowCount * MOST_ROWS) ? ranges : null
}

function matchOf(plan: ScanPlan, source: TableSource): IndexMatch | null {
  let match = matches.get(plan)
  if (match === undefined) {
    const index = source.definition.indexes.find((each) => each.name === plan.index)
    match = index === undefined ? null : matchIndex(plan, source.definition, index)
    matches.set(plan, match)
  }
  return match
}

/** Puts values in the place of constants: a range for each choice of the lists. `null` where they are too many. */
function rangesOf(match: IndexMatch, parameters: ReadonlyMap<string, Value>): readonly IndexRange[] | null {
  let keys: Value[][] = [[]]
  for (const { constant, list } of match.equal) {
    const value = evaluateConstant(constant, parameters)
    const choices = (list ? [...((value ?? []) as Iterable<Value>)] : [value]).filter(
      (each) => each !== null && each !== undefined,
    )
    if (keys.length * choices.length > MAX_RANGES) return null
    keys = keys.flatMap((key) => choices.map((choice) => [...key, choice]))
  }
  const lower = boundOf(match.lower, parameters)
  const upper = boundOf(match.upper, parameters)
  if (lower === null || upper === null) return []
  return keys.map((equal) => ({
    equal,
    ...(lower === undefined ? {} : { lower }),
    ...(upper === undefined ? {} : { upper }),
  }))
}

/** Gives the bound of a range: `undefined` where there is none, `null` where no value lies within it. */
function boundOf(
  bound: IndexMatch['lower'],
  parameters: ReadonlyMap<string, Value>,
): IndexBound | undefined | null {
  if (bound === null) return undefined
  const value = evaluateConstant(bound.constant, parameters)
  return value === null || value === undefined ? null : { value, inclusive: bound.inclusive }
}
