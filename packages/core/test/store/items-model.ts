import {
  type CollectionMethods,
  checkName,
  collectionMethods,
  columnFromValues,
  type Model,
  type ModelContext,
  makeField,
  type Query,
  SheafError,
  type TableSpecification,
  tableName,
  tablePlan,
  types,
  type WriteTransaction,
} from '../../src/index.ts'

/** Is a collection of numbered items: the least that a model can be. */
export type Items = {
  put(...numbers: number[]): Promise<void>
  putMany(numbers: readonly number[]): Promise<void>
  /** Puts within work that is run again on a conflict; `before` is called at each attempt. */
  putAfter(before: (attempt: number) => Promise<void>, number: number): Promise<void>
  all(): Query<{ id: number; name: string }>
}

/** Is `store.items`. */
export type ItemsApi = ((name: string) => Items) & CollectionMethods

const MODEL = 'items'

const TABLE: TableSpecification = {
  part: '',
  fields: [makeField('id', types.int64, { nullable: false }), makeField('name', types.utf8)],
  key: ['id'],
}

/** Makes a model for tests of the store. */
export function items(): Model<'items', ItemsApi> {
  return {
    name: MODEL,
    layoutVersion: 1,
    layout: () => [TABLE],
    open: (context) =>
      Object.assign((name: string) => itemsOf(context, checkName(name)), collectionMethods(context, MODEL)),
  }
}

function itemsOf(context: ModelContext, name: string): Items {
  const table = tableName(MODEL, name, '')
  const write = (transaction: WriteTransaction, numbers: readonly number[]): void => {
    if (transaction.snapshot.catalog.collection(MODEL, name) === undefined)
      transaction.createCollection(MODEL, name, { version: 1, tables: [TABLE] })
    transaction.insert(
      table,
      {
        fields: ['id', 'name'],
        columns: [
          columnFromValues(types.int64, numbers),
          columnFromValues(
            types.utf8,
            numbers.map((number) => `item ${number}`),
          ),
        ],
        length: numbers.length,
      },
      'replace',
    )
  }
  return {
    put: (...numbers) => context.write((transaction) => write(transaction, numbers)),
    putMany: (numbers) => context.write((transaction) => write(transaction, numbers)),
    putAfter: (before, number) => {
      let attempt = 0
      return context.write(async (transaction) => {
        attempt += 1
        await before(attempt)
        write(transaction, [number])
      })
    },
    all: () =>
      context.query(() => {
        const definition = context.catalog().table(table)
        if (definition === undefined)
          throw new SheafError('NOT_FOUND', `There are no items of this name: ${name}`)
        return tablePlan(definition)
      }),
  }
}
