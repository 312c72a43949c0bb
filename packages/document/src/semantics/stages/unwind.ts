import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parsePath } from '../../language/parser-expression.ts'
import { isPlain, typeWord } from '../../language/parser-values.ts'
import { type Document, getKey, isDocument } from '../value.ts'
import { setPath } from './add-fields.ts'
import type { DocumentsToDocuments, PipelineContext } from './context.ts'

/** Holds the parts of `$unwind`. */
export type Unwind = {
  readonly path: readonly string[]
  readonly keepEmpty: boolean
  readonly index: readonly string[] | null
}

/** Parses the argument of `$unwind`. */
export function parseUnwind(argument: Value): Unwind {
  const parts = typeof argument === 'string' ? { path: argument } : argument
  if (!isPlain(parts))
    throw mongoError(15981, `$unwind takes a path or an object. It got a ${typeWord(argument)}.`)
  for (const key of Object.keys(parts)) {
    if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(key))
      throw mongoError(28811, `$unwind has no such part. Check its spelling: ${key}`)
  }
  const { path, preserveNullAndEmptyArrays: keep = false, includeArrayIndex: index } = parts
  if (path === undefined) throw mongoError(28812, '$unwind needs a path. Add it.')
  if (typeof path !== 'string')
    throw mongoError(28808, `$unwind's path is a text. It is a ${typeWord(path)}.`)
  if (path === '') throw mongoError(28812, '$unwind needs a path. Give it one.')
  if (!path.startsWith('$')) throw mongoError(28818, `$unwind's path starts with '$'. Correct it: ${path}`)
  if (typeof keep !== 'boolean')
    throw mongoError(
      28809,
      `$unwind's preserveNullAndEmptyArrays is true or false. It is a ${typeWord(keep)}.`,
    )
  if (index !== undefined && (typeof index !== 'string' || index === ''))
    throw mongoError(28810, `$unwind's includeArrayIndex is a name. It is a ${typeWord(index)}.`)
  if (typeof index === 'string' && index.startsWith('$'))
    throw mongoError(28822, `$unwind's includeArrayIndex has no '$'. Rename it: ${index}`)
  return {
    path: parsePath(path.slice(1)),
    keepEmpty: keep,
    index: typeof index === 'string' ? parsePath(index) : null,
  }
}

/** Gives the documents that `$unwind` makes of one. */
export function unwindDocument(document: Document, { path, keepEmpty, index }: Unwind): Document[] {
  const value = readThrough(document, path)
  const withIndex = (made: Document, at: Value): Document =>
    index === null ? made : (setPath(made, index, 0, at) as Document)
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item: Value, at: number) =>
      withIndex(setPath(document, path, 0, item) as Document, BigInt(at)),
    )
  }
  if (value === undefined || value === null || Array.isArray(value)) {
    if (!keepEmpty) return []
    const kept = Array.isArray(value) ? (setPath(document, path, 0, undefined) as Document) : document
    return [withIndex(kept, null)]
  }
  return [withIndex(document, null)]
}

function readThrough(document: Document, path: readonly string[]): Value {
  let value: Value = document
  for (const part of path) {
    if (!isDocument(value)) return undefined
    value = getKey(value, part)
  }
  return value
}

/** Compiles `$unwind`. */
export function compileUnwind(
  argument: Value,
  { requireRoom }: Pick<PipelineContext, 'requireRoom'>,
): DocumentsToDocuments {
  const unwind = parseUnwind(argument)
  return (documents) => {
    const made: Document[] = []
    for (const document of documents) {
      const unwound = unwindDocument(document, unwind)
      if (unwound.length > 1) requireRoom(made.length + unwound.length)
      for (const item of unwound) made.push(item)
    }
    return made
  }
}
