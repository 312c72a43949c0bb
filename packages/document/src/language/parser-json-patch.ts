import { mongoError } from './errors.ts'
import { isPlain, typeWord } from './parser-values.ts'
import type { PatchOperation, Value } from './syntax.ts'

const OPERATIONS: ReadonlySet<Value> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

/** Parses a JSON Patch. @throws FailedToParse */
export function parseJsonPatch(patch: Value): PatchOperation[] {
  if (!Array.isArray(patch)) throw mongoError(9, `$jsonPatch takes a list. It got a ${typeWord(patch)}.`)
  return patch.map(parseOperation)
}

function parseOperation(item: Value): PatchOperation {
  if (!isPlain(item))
    throw mongoError(9, `An operation of a JSON Patch is an object. It is a ${typeWord(item)}.`)
  const { op, path, from, value } = item
  if (!OPERATIONS.has(op))
    throw mongoError(9, `A JSON Patch has add, remove, replace, move, copy and test. It has: ${String(op)}`)
  const needsValue = op === 'add' || op === 'replace' || op === 'test'
  if (needsValue && !Object.hasOwn(item, 'value'))
    throw mongoError(9, `The operation ${op} of a JSON Patch needs a value. Add it.`)
  return {
    op: op as PatchOperation['op'],
    path: parsePointer(path),
    from: op === 'move' || op === 'copy' ? parsePointer(from) : [],
    value: value ?? null,
  }
}

/** Parses a JSON Pointer (RFC 6901). */
function parsePointer(pointer: Value): readonly string[] {
  if (
    typeof pointer !== 'string' ||
    (pointer !== '' && !pointer.startsWith('/')) ||
    /~(?![01])/.test(pointer)
  )
    throw mongoError(9, `A path of a JSON Patch is a JSON Pointer, as /a/0/b. Correct it: ${String(pointer)}`)
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}
