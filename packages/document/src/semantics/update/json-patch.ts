/** Changes documents by JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396). */
import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import type { PatchOperation } from '../../language/syntax.ts'
import { type Document, equalValues, getKey, isDocument, setKey } from '../value.ts'

/** Applies a JSON Patch: all operations, or none. @throws BadValue where one cannot be applied */
export function applyJsonPatch(document: Document, operations: readonly PatchOperation[]): Document {
  const patched = operations.reduce<Value>(applyOperation, document)
  if (!isDocument(patched)) throw mongoError(2, 'A JSON Patch leaves no object of the document. Correct it.')
  return patched
}

function applyOperation(root: Value, { op, path, from, value }: PatchOperation): Value {
  switch (op) {
    case 'add':
      return place(root, path, value)
    case 'remove':
      return remove(root, path)
    case 'replace':
      return replaceAt(root, path, value)
    case 'copy':
      return place(root, path, read(root, from))
    case 'move': {
      if (path.length > from.length && from.every((part, at) => part === path[at]))
        throw mongoError(2, 'A JSON Patch cannot move a value into itself. Use copy.')
      return place(remove(root, from), path, read(root, from))
    }
    case 'test':
      if (!equalJson(read(root, path), value))
        throw mongoError(2, `A test of a JSON Patch failed: another value is at ${pointerText(path)}`)
      return root
  }
}

function pointerText(path: readonly string[]): string {
  return `/${path.join('/')}`
}

function missing(path: readonly string[]): Error {
  return mongoError(2, `A JSON Patch names a place that is not there. Correct its path: ${pointerText(path)}`)
}

const INDEX = /^(?:0|[1-9]\d*)$/

function indexIn(list: readonly Value[], part: string, most: number): number {
  const index = part === '-' ? list.length : INDEX.test(part) ? Number(part) : Number.NaN
  if (!(index <= most)) throw missing([part])
  return index
}

function read(root: Value, path: readonly string[]): Value {
  return path.reduce<Value>((value, part) => {
    if (Array.isArray(value)) return value[indexIn(value, part, value.length - 1)]
    if (isDocument(value) && Object.hasOwn(value, part)) return getKey(value, part)
    throw missing(path)
  }, root)
}

/** Changes the container of a place, copying what lies on the way. */
function changeParent(
  root: Value,
  path: readonly string[],
  change: (parent: Value, part: string) => Value,
): Value {
  const [part, ...rest] = path as [string, ...string[]]
  if (rest.length === 0) return change(root, part)
  const next = changeParent(read(root, [part]), rest, change)
  return Array.isArray(root) ? root.with(Number(part), next) : withKey(root as Document, part, next)
}

function withKey(document: Document, key: string, value: Value): Document {
  const copy = { ...document }
  setKey(copy, key, value)
  return copy
}

function place(root: Value, path: readonly string[], value: Value): Value {
  if (path.length === 0) return value
  return changeParent(root, path, (parent, part) => {
    if (Array.isArray(parent)) return parent.toSpliced(indexIn(parent, part, parent.length), 0, value)
    if (isDocument(parent)) return withKey(parent, part, value)
    throw missing(path)
  })
}

function replaceAt(root: Value, path: readonly string[], value: Value): Value {
  read(root, path)
  if (path.length === 0) return value
  return changeParent(root, path, (parent, part) =>
    Array.isArray(parent) ? parent.with(Number(part), value) : withKey(parent as Document, part, value),
  )
}

function remove(root: Value, path: readonly string[]): Value {
  read(root, path)
  if (path.length === 0) throw mongoError(2, 'A JSON Patch cannot remove the document. Delete it instead.')
  return changeParent(root, path, (parent, part) => {
    if (Array.isArray(parent)) return parent.toSpliced(Number(part), 1)
    const copy = { ...(parent as Document) }
    delete copy[part]
    return copy
  })
}

/** Compares as JSON does: keys in any order. */
function equalJson(left: Value, right: Value): boolean {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item: Value, at) => equalJson(item, right[at]))
  if (isDocument(left) && isDocument(right)) {
    const keys = Object.keys(left)
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && equalJson(getKey(left, key), getKey(right, key)))
    )
  }
  return equalValues(left, right)
}

/** Applies a JSON Merge Patch: null removes a key, objects are merged, anything else is put in place. */
export function applyMergePatch(target: Value, patch: Value): Value {
  if (!isDocument(patch)) return patch
  const merged: Document = isDocument(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const value = getKey(patch, key)
    if (value === null) delete merged[key]
    else setKey(merged, key, applyMergePatch(getKey(merged, key), value))
  }
  return merged
}
