import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { checkPath } from '../../language/parser-update.ts'
import type { Matcher } from '../match.ts'
import { bsonType, type Document, getKey, isDocument } from '../value.ts'
import { applyAt, type PathChange } from './path-change.ts'

/** Compiles `$rename`. */
export function compileRename(path: string, argument: Value): PathChange {
  if (typeof argument !== 'string')
    throw mongoError(2, `$rename takes a new path. It got a ${bsonType(argument)} for ${path}.`)
  if (argument.includes('\0'))
    throw mongoError(9867600, '$rename takes a path without null bytes. Rename it.')
  checkPath(argument)
  for (const each of [path, argument]) {
    if (each.split('.').some((part) => part.startsWith('$')))
      throw mongoError(2, `$rename takes no positional operators. Correct: ${each}`)
  }
  if (path === argument) throw mongoError(2, `$rename needs two paths that differ. Correct: ${path}`)
  const [from, to] = [path.split('.'), argument.split('.')]
  return (document) => {
    const value = readPlainPath(document, from, path)
    if (value === undefined) return document
    readPlainPath(document, to.slice(0, -1), argument, true)
    const base = { place: { inserting: false, position: -1 }, filters: new Map<string, Matcher>(), path }
    const without = applyAt(document, from, 0, {
      ...base,
      change: () => undefined,
      creates: false,
      removes: true,
    })
    return applyAt(without, to, 0, {
      ...base,
      change: () => value,
      creates: true,
      removes: false,
    }) as Document
  }
}

function readPlainPath(document: Document, parts: readonly string[], path: string, target = false): Value {
  let value: Value = document
  for (const part of parts) {
    if (Array.isArray(value)) throw mongoError(2, `$rename cannot go through an array. Correct: ${path}`)
    if (!isDocument(value)) return undefined
    value = getKey(value, part)
  }
  if (target && Array.isArray(value))
    throw mongoError(2, `$rename cannot go through an array. Correct: ${path}`)
  return value
}
