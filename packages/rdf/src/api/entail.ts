import { type ModelContext, SheafError } from '@sheafdb/core'
import { ENTAILMENT_RULES, type RuleSet } from '../language/entailment-rules.ts'
import { runUpdate } from './update.ts'

/** Tunes entailment. */
export type EntailOptions = {
  /** `rdfs` (the default) or `owl-rl`, which has the rules of RDFS too. */
  readonly rules?: RuleSet
  /** The graph to reason in; the default graph where none is named. */
  readonly graph?: string
  readonly signal?: AbortSignal
}

/** Tells what entailment added. */
export type EntailResult = { readonly inserted: number; readonly rounds: number }

/**
 * Adds what follows by rules, round after round until nothing new does. All rounds are one transaction where the
 * context is one; each round is one otherwise, and what was added before an error stays true.
 *
 * @throws `ARGUMENT` for rules that are not known, `ABORTED`
 */
export async function entail(
  context: ModelContext,
  collection: string,
  options: EntailOptions,
): Promise<EntailResult> {
  const { rules = 'rdfs', graph, signal } = options
  if (!Object.hasOwn(ENTAILMENT_RULES, rules))
    throw new SheafError('ARGUMENT', `There are no such rules. Use rdfs or owl-rl: ${String(rules)}`)
  if (graph !== undefined && /[\p{Cc} <>"{}|^`\\]/u.test(graph))
    throw new SheafError('ARGUMENT', `The graph must be named by an IRI: ${graph}`)
  const text = ENTAILMENT_RULES[rules](graph)
  let inserted = 0
  for (let rounds = 1; ; rounds += 1) {
    if (signal?.aborted === true) throw new SheafError('ABORTED', 'The entailment was aborted.')
    const round = await runUpdate(context, collection, { text, options: {} })
    inserted += round.inserted
    if (round.inserted === 0) return { inserted, rounds }
  }
}
