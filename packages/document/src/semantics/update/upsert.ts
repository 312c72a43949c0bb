import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import type { Filter } from '../../language/syntax.ts'
import { type Document, getKey, isDocument, setKey } from '../value.ts'

/** Makes the document that an upsert starts from: what the filter says to equal. */
export function upsertDocument(filter: Filter): Document {
  const document: Document = {}
  const set = (path: readonly string[], value: Value): void => {
    let target = document
    for (const part of path.slice(0, -1)) {
      const next = getKey(target, part)
      if (isDocument(next)) target = next
      else {
        const made: Document = {}
        setKey(target, part, made)
        target = made
      }
    }
    const last = path.at(-1) as string
    if (Object.hasOwn(target, last))
      throw mongoError(54, `An upsert would set a field twice: ${path.join('.')}`)
    setKey(target, last, value)
  }
  const collect = (part: Filter): void => {
    if (part.kind === 'and') part.filters.forEach(collect)
    if (part.kind === 'or' && part.filters.length === 1) part.filters.forEach(collect)
    if (part.kind !== 'field') return
    const { condition } = part
    if (condition.kind === 'eq') set(part.path, condition.value)
    if (condition.kind === 'in' && condition.values.length === 1 && condition.patterns.length === 0)
      set(part.path, condition.values[0])
  }
  collect(filter)
  return document
}
