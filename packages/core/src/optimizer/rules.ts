import type { Rule } from './rule.ts'

/** Lists the optimizer's rules in the order in which they run. */
export const ruleList: readonly Rule[] = []
