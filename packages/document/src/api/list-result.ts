import type { ListResult } from './types.ts'

/**
 * Makes a list that is read when it is awaited, or when `rows()` is called; the list that comes has `rows()` too, so
 * that it reads like a query's result.
 */
export function listResult<Item>(read: () => Promise<Item[]>): ListResult<Item> {
  const rows = async (): Promise<Item[]> => {
    const items = await read()
    return Object.defineProperty(items, 'rows', { value: async () => items })
  }
  return {
    rows,
    // biome-ignore lint/suspicious/noThenProperty: awaiting gives the list, as with MongoDB's driver.
    then: (resolve, reject) => rows().then(resolve, reject),
  }
}
