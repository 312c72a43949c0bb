import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseExpression, parsePath } from '../../language/parser-expression.ts'
import { isPlain } from '../../language/parser-values.ts'
import { type CompileContext, compileExpression, type Evaluator, type Scope } from '../expression.ts'
import { type Document, getKey, isDocument, setKey } from '../value.ts'

type Field = { readonly path: readonly string[]; readonly evaluate: Evaluator }

/** Compiles `$addFields`: sets fields, also through arrays of documents; missing removes. */
export function compileAddFields(
  name: string,
  argument: Value,
  context: CompileContext,
): (scope: Scope) => Document {
  if (!isPlain(argument)) throw mongoError(40272, `${name} takes an object. Give it fields.`)
  if (Object.keys(argument).length === 0) throw mongoError(40177, `${name} needs a field. Add one.`)
  const fields: Field[] = []
  collectFields(argument, [], fields, context)
  checkConflicts(fields)
  return (scope) => {
    let document = scope.root as Document
    for (const { path, evaluate } of fields)
      document = setPath(document, path, 0, evaluate(scope)) as Document
    return document
  }
}

function collectFields(
  object: Document,
  prefix: readonly string[],
  into: Field[],
  context: CompileContext,
): void {
  for (const [key, value] of Object.entries(object)) {
    if (key === '') throw mongoError(40352, 'A field must have a name. Give it one.')
    const path = [...prefix, ...parsePath(key)]
    const keys = isPlain(value) ? Object.keys(value) : []
    if (keys.length > 0 && !keys[0]?.startsWith('$')) collectFields(value as Document, path, into, context)
    else into.push({ path, evaluate: compileExpression(parseExpression(value ?? null), context) })
  }
}

function checkConflicts(fields: readonly Field[]): void {
  const seen = fields.map(({ path }) => path.join('\0'))
  seen.forEach((path, index) => {
    const other = seen.find((each, at) => at !== index && (each === path || each.startsWith(`${path}\0`)))
    if (other !== undefined)
      throw mongoError(40176, `A field is set twice. Set it once: ${path.replaceAll('\0', '.')}`)
  })
}

/** Gives a copy of a value in which a path is set; arrays on the way are entered. */
export function setPath(target: Value, path: readonly string[], at: number, value: Value): Value {
  if (at === path.length) return value
  if (Array.isArray(target)) return target.map((item: Value) => setPath(item, path, at, value))
  const key = path[at] as string
  const object: Document = isDocument(target) ? { ...target } : {}
  const inner = setPath(getKey(object, key), path, at + 1, value)
  if (inner === undefined) delete object[key]
  else setKey(object, key, inner)
  return object
}
