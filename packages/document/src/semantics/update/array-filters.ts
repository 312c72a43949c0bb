import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseFilter } from '../../language/parser-filter.ts'
import { isPlain } from '../../language/parser-values.ts'
import type { Filter } from '../../language/syntax.ts'
import { compileFilter, type Matcher } from '../match.ts'
import { matchSupport } from '../match-support.ts'
import type { CompileContext } from '../scope.ts'
import { type Document, getKey, isDocument } from '../value.ts'

/** Is what finds the elements that an update is about. */
export type ElementSource = {
  readonly context: CompileContext
  /** The filter that found the document, for the positional `$`. */
  readonly filter: Filter
  readonly arrayFilters?: Value
}

/** Compiles `arrayFilters` by the names that they start with. */
export function compileArrayFilters({ arrayFilters, context }: ElementSource): ReadonlyMap<string, Matcher> {
  const filters = new Map<string, Matcher>()
  if (arrayFilters === undefined) return filters
  if (!Array.isArray(arrayFilters)) throw mongoError(14, 'arrayFilters is an array. Give it filters.')
  for (const filter of arrayFilters as readonly Value[]) {
    if (!isPlain(filter)) throw mongoError(14, 'An array filter is an object. Give it a condition.')
    const name = filterName(parseFilter(filter))
    if (name === null)
      throw mongoError(9, 'An array filter needs one name at its start. Write { "name.field": … }.')
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
      throw mongoError(2, `The name of an array filter has letters and digits, a small letter first: ${name}`)
    if (filters.has(name)) throw mongoError(9, `Two array filters have one name. Join them: ${name}`)
    const matches = compileFilter(parseFilter(filter), matchSupport(context))
    filters.set(name, (item) => matches({ [name]: item }))
  }
  return filters
}

function filterName(filter: Filter): string | null {
  if (filter.kind === 'field') return filter.path[0] as string
  if (filter.kind === 'and' || filter.kind === 'or' || filter.kind === 'nor') {
    const names = new Set(filter.filters.map(filterName))
    return names.size === 1 ? ([...names][0] as string | null) : null
  }
  return null
}

/** Finds the index of the array element by which a document was found. */
export function positionFinder({ filter, context }: ElementSource): (document: Document) => number {
  const fields = fieldsOf(filter)
  const support = matchSupport(context)
  return (document) => {
    for (const field of fields) {
      for (let length = 1; length <= field.path.length; length += 1) {
        let value: Value = document
        for (const part of field.path.slice(0, length))
          value = isDocument(value) ? getKey(value, part) : undefined
        if (!Array.isArray(value)) continue
        const rest = field.path.slice(length)
        const matches = compileFilter({ ...field, path: ['item', ...rest] }, support)
        const found = value.findIndex((item: Value) => matches({ item: rest.length === 0 ? [item] : item }))
        if (found !== -1) return found
      }
    }
    return -1
  }
}

function fieldsOf(filter: Filter): (Filter & { readonly kind: 'field' })[] {
  if (filter.kind === 'field') return [filter]
  return filter.kind === 'and' ? filter.filters.flatMap(fieldsOf) : []
}
