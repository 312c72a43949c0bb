import { type Model, type ModelContext, SheafError } from '@sheafdb/core'
import { decodeEntries, entryPlan } from './api/range.ts'
import { type KeyValueApi, keyValueApi } from './api/store.ts'
import { kvFunctions } from './functions.ts'
import { entryTable, LAYOUT_VERSION, MODEL } from './layout/table.ts'

/** Is the key-value model as `openStore` takes it. */
export type KeyValueModel = Model<'kv', KeyValueApi>

/**
 * Makes the key-value model: ordered keys, any value, time to live.
 *
 * @example const store = await openStore(':memory:', { models: [kv()] })
 */
export function kv(): KeyValueModel {
  return {
    name: MODEL,
    layoutVersion: LAYOUT_VERSION,
    layout: () => [entryTable()],
    open: keyValueApi,
    relations: (collection) =>
      collection.tables.map((table) => ({
        name: collection.name,
        plan: decodeEntries(entryPlan(table.name, [])),
      })),
    functions: kvFunctions,
    tableFunctions: [{ name: 'kv', lower: lowerTableFunction }],
  }
}

/** Lowers `kv('sessions')` in SQL to the collection's rows of `key` and `value`. */
function lowerTableFunction(context: ModelContext, args: readonly unknown[]): ReturnType<typeof entryPlan> {
  const [name] = args
  if (args.length !== 1 || typeof name !== 'string')
    throw new SheafError('ARGUMENT', "The table function kv takes the name of a collection: kv('sessions')")
  const plan = context.relation(`${MODEL}:${name}`)
  if (plan !== undefined) return plan
  throw new SheafError('NOT_FOUND', `There is no key-value collection of this name: ${name}`)
}
