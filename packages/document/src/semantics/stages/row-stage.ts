import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseExpression, parsePath } from '../../language/parser-expression.ts'
import { isPlain, typeWord } from '../../language/parser-values.ts'
import type { StageSyntax } from '../../language/syntax.ts'
import { compileExpression, REDACTION } from '../expression.ts'
import { requireSize } from '../limits.ts'
import { matchSupport } from '../match-support.ts'
import { compileProjection } from '../project.ts'
import type { CompileContext, Scope } from '../scope.ts'
import { bsonType, type Document, isDocument, setKey } from '../value.ts'
import { compileAddFields } from './add-fields.ts'

/** Names the stages that make one document of one document, or none. */
export const ROW_STAGES: ReadonlySet<string> = new Set([
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
])

/** Compiles a stage that makes one document of one document, or none (`undefined`). */
export function compileRowStage(
  { name, argument }: StageSyntax,
  context: CompileContext,
): (scope: Scope) => Document | undefined {
  switch (name) {
    case '$project':
      return sized(compileProjection(argument, { find: false, context, support: matchSupport(context) }))
    case '$addFields':
    case '$set':
      return sized(compileAddFields(name, argument, context))
    case '$unset':
      return compileUnset(argument, context)
    case '$replaceRoot':
      return sized(compileReplace(requireNewRoot(argument), context, name))
    case '$replaceWith':
      return sized(compileReplace(argument, context, name))
    case '$redact':
      return compileRedact(argument, context)
    default:
      throw mongoError(40324, `There is no stage of this name. Check its spelling: ${name}`)
  }
}

/** Requires what a stage makes to be no larger than a document can be. */
function sized(make: (scope: Scope) => Document): (scope: Scope) => Document {
  return (scope) => requireSize(make(scope))
}

function compileUnset(argument: Value, context: CompileContext): (scope: Scope) => Document {
  const paths: readonly Value[] = Array.isArray(argument) ? argument : [argument]
  if (Array.isArray(argument) && argument.length === 0)
    throw mongoError(31119, '$unset needs a field. Name one.')
  if (!Array.isArray(argument) && typeof argument !== 'string')
    throw mongoError(31002, `$unset takes a name or a list of names. It got a ${typeWord(argument)}.`)
  const specification: Document = {}
  for (const path of paths) {
    if (typeof path !== 'string') throw mongoError(31120, `$unset takes names. It got a ${typeWord(path)}.`)
    parsePath(path)
    if (Object.hasOwn(specification, path))
      throw mongoError(31250, `A field is unset twice. Name it once: ${path}`)
    setKey(specification, path, 0)
  }
  return compileProjection(specification, { find: false, context, support: matchSupport(context) })
}

function requireNewRoot(argument: Value): Value {
  if (!isPlain(argument)) throw mongoError(40229, '$replaceRoot takes an object. Give it a newRoot.')
  for (const key of Object.keys(argument)) {
    if (key !== 'newRoot')
      throw mongoError(40415, `$replaceRoot has no such part. Check its spelling: ${key}`)
  }
  if (!Object.hasOwn(argument, 'newRoot')) throw mongoError(40414, '$replaceRoot needs a newRoot. Add it.')
  return argument.newRoot
}

function compileReplace(root: Value, context: CompileContext, name: string): (scope: Scope) => Document {
  const evaluate = compileExpression(parseExpression(root), context)
  return (scope) => {
    const value = evaluate(scope)
    if (!isDocument(value))
      throw mongoError(40228, `${name} needs an object to put in place. It got a ${bsonType(value)}.`)
    return value
  }
}

function compileRedact(argument: Value, context: CompileContext): (scope: Scope) => Document | undefined {
  const decide = compileExpression(parseExpression(argument), context)
  const redact = (scope: Scope, document: Document): Document | undefined => {
    const decision = decide({ ...scope, current: document })
    if (decision === REDACTION.get('KEEP')) return document
    if (decision === REDACTION.get('PRUNE')) return undefined
    if (decision !== REDACTION.get('DESCEND'))
      throw mongoError(17053, '$redact needs $$KEEP, $$PRUNE or $$DESCEND. Decide for one of them.')
    const result: Document = {}
    for (const key of Object.keys(document)) {
      const value = redactValue(scope, document[key], redact)
      if (value !== undefined) setKey(result, key, value)
    }
    return result
  }
  return (scope) => redact(scope, scope.root as Document)
}

function redactValue(
  scope: Scope,
  value: Value,
  redact: (scope: Scope, document: Document) => Document | undefined,
): Value {
  if (isDocument(value)) return redact(scope, value)
  if (!Array.isArray(value)) return value
  return value.map((item: Value) => redactValue(scope, item, redact)).filter((item) => item !== undefined)
}
