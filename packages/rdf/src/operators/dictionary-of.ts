import type { ExecutionContext, ExtensionPlan } from '@sheafdb/core'
import { Dictionary } from '../layout/dictionary.ts'

/** Opens the dictionary that an extension's settings name; `null` where the dataset does not exist yet. */
export function dictionaryOf(plan: ExtensionPlan, context: ExecutionContext): Dictionary | null {
  const { terms } = plan.settings as { readonly terms: string }
  if (context.snapshot.catalog.table(terms) === undefined) return null
  return new Dictionary(context.snapshot.source(terms))
}
