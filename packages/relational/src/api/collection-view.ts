import { SheafError } from '@sheafdb/core'
import { quoteIdentifier, quoteRelation } from '../language/quote.ts'

/** Says which columns a view of a collection has: names, each with a path inside a document; by default all. */
export type ViewOfCollection = { readonly columns?: Readonly<Record<string, string>> }

/** Writes the query of a view over a collection of any model. @throws `ARGUMENT` */
export function viewOfCollection(collection: string, { columns }: ViewOfCollection): string {
  const from = `FROM ${quoteRelation(collection)}`
  if (columns === undefined) return `SELECT * ${from}`
  const items = Object.entries(columns).map(([name, path]) => {
    if (typeof path !== 'string' || path === '')
      throw new SheafError(
        'ARGUMENT',
        `A column of a view is a path, such as 'address.city'. Correct it: ${name}`,
      )
    return `${path.split('.').map(quoteIdentifier).join('.')} AS ${quoteIdentifier(name)}`
  })
  if (items.length === 0)
    throw new SheafError('ARGUMENT', 'A view needs a column. Name one, or leave columns out.')
  return `SELECT ${items.join(', ')} ${from}`
}
