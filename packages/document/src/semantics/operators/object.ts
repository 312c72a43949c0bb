import type { Value } from '@sheafdb/core'
import { calculateObjectSize } from 'bson'
import { mongoError } from '../../language/errors.ts'
import { compileJsonPath } from '../../language/jsonpath/evaluate.ts'
import type { ExpressionSyntax } from '../../language/syntax.ts'
import { type CompileContext, compileExpression } from '../expression.ts'
import { bsonType, type Document, getKey, isDocument, isNullish, setKey } from '../value.ts'
import {
  compilePart,
  constantText,
  fixed,
  namedParts,
  type Operator,
  type Operators,
  type Parts,
  variadic,
} from './define.ts'

/** Merges objects, later keys over earlier ones; null and missing count as empty. */
export function mergeObjects(objects: readonly Value[]): Document {
  const merged: Document = {}
  for (const object of objects) {
    if (isNullish(object)) continue
    if (!isDocument(object))
      throw mongoError(40400, `$mergeObjects takes objects. It got a ${bsonType(object)}.`)
    for (const key of Object.keys(object)) setKey(merged, key, object[key])
  }
  return merged
}

/** Reads a field's name, which must be a constant text. */
function constantName(field: ExpressionSyntax | undefined, code: number): string {
  const constant =
    field?.kind === 'operator' && field.name === '$literal' && field.argument.kind === 'literal'
      ? field.argument
      : field
  if (constant?.kind !== 'literal')
    throw mongoError(
      4161106,
      'The name of a field must be a constant text. Write it as it is, or by $literal.',
    )
  if (typeof constant.value !== 'string')
    throw mongoError(code, `The name of a field is a text. It is a ${bsonType(constant.value)}.`)
  if (constant.value.includes('\0'))
    throw mongoError(9534700, 'The name of a field has no null bytes. Remove them.')
  return constant.value
}

const getField: Operator = (argument, context) => {
  const parts: ReadonlyMap<string, ExpressionSyntax> =
    argument.kind === 'object' ? new Map(argument.entries) : new Map([['field', argument]])
  if (argument.kind === 'object') {
    for (const key of parts.keys()) {
      if (key !== 'field' && key !== 'input')
        throw mongoError(3041701, `$getField has no such part. Check its spelling: ${key}`)
    }
    if (!parts.has('field')) throw mongoError(3041702, "$getField misses its 'field'. Add it.")
    if (!parts.has('input')) throw mongoError(3041703, "$getField misses its 'input'. Add it.")
  }
  const name = compileExpression(parts.get('field') as ExpressionSyntax, context)
  const input = parts.get('input')
  const read = input === undefined ? null : compileExpression(input, context)
  return (scope) => {
    const field = name(scope)
    if (typeof field !== 'string')
      throw mongoError(3041704, `$getField takes a field that is text. It is a ${bsonType(field)}.`)
    const object = read === null ? scope.current : read(scope)
    if (isDocument(object)) return getKey(object, field)
    return object === null ? null : undefined
  }
}

function setField(name: '$setField' | '$unsetField', hasValue: boolean) {
  return namedParts(
    name,
    {
      required: hasValue ? ['field', 'input', 'value'] : ['field', 'input'],
      codes: { object: 4161100, unknown: 4161101, missing: 4161102 },
    },
    (parts: Parts, context: CompileContext) => {
      const field = constantName(parts.get('field'), 4161107)
      const input = compilePart(parts, 'input', context)
      const value = compilePart(parts, 'value', context)
      return (scope) => {
        const object = input(scope)
        if (isNullish(object)) return null
        if (!isDocument(object))
          throw mongoError(4161105, `${name} takes an object as input. It is a ${bsonType(object)}.`)
        const changed = { ...object }
        const next = hasValue ? value(scope) : undefined
        if (next === undefined) delete changed[field]
        else setKey(changed, field, next)
        return changed
      }
    },
  )
}

const rand: Operator = (argument) => {
  const empty =
    (argument.kind === 'object' && argument.entries.length === 0) ||
    (argument.kind === 'array' && argument.items.length === 0)
  const isObject = argument.kind === 'object' || argument.kind === 'array'
  if (!empty)
    throw mongoError(isObject ? 3040501 : 10065, '$rand takes no argument. Give it an empty object.')
  return () => Math.random()
}

/** Holds the operators of objects. */
export const objectOperators: Operators = [
  variadic('$mergeObjects', (args) => {
    const [first] = args
    return mergeObjects(args.length === 1 && Array.isArray(first) ? first : args)
  }),
  fixed('$bsonSize', 1, (value) => {
    if (isNullish(value)) return null
    if (!isDocument(value)) throw mongoError(31393, `$bsonSize takes an object. It got a ${bsonType(value)}.`)
    return calculateObjectSize(value)
  }),
  fixed('$binarySize', 1, (value) => {
    if (isNullish(value)) return null
    if (typeof value === 'string') return Buffer.byteLength(value)
    if (value instanceof Uint8Array) return value.length
    throw mongoError(51276, `$binarySize takes a text or bytes. It got a ${bsonType(value)}.`)
  }),
  ['$getField', getField],
  setField('$setField', true),
  setField('$unsetField', false),
  ['$rand', rand],
  namedParts(
    '$jsonpath',
    { required: ['input', 'path'], codes: { object: 9, unknown: 40415, missing: 40414 } },
    (parts, context) => {
      const evaluate = compileJsonPath(constantText(parts, 'path', 14) as string)
      const input = compilePart(parts, 'input', context)
      return (scope) => evaluate(input(scope))
    },
  ),
]
