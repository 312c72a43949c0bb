/**
 * Implements `$jsonSchema` as MongoDB has it: JSON Schema draft 4 without references, with `bsonType`, on values of
 * documents rather than on JSON. Schemas of collections, which are standard JSON Schema, go through ajv instead.
 */
import { compareValues, type Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { parseTypes } from '../language/parser-types.ts'
import { isPlain, makePattern, typeWord } from '../language/parser-values.ts'
import { type SafePattern, safePattern } from '../language/pattern.ts'
import { bsonType, type Document, getKey, isDocument, isNumber, keyOf } from './value.ts'

type Test = (value: Value) => boolean
type Keyword = (argument: Value, schema: Document, depth: number) => Test

const MAX_DEPTH = 100

/** Compiles a schema. @throws TypeMismatch, FailedToParse or BadValue for a schema that is none */
export function compileSchema(schema: Document): Test {
  return compile(schema, 0)
}

function compile(schema: Document, depth: number): Test {
  if (depth > MAX_DEPTH)
    throw mongoError(15, `A schema is nested too deep. Use fewer levels than ${MAX_DEPTH}.`)
  const tests = Object.entries(schema).map(([name, argument]) => {
    const keyword = KEYWORDS.get(name)
    if (keyword === undefined)
      throw mongoError(9, `$jsonSchema has no such keyword, or does not support it: ${name}`)
    return keyword(argument, schema, depth)
  })
  if (schema.type !== undefined && schema.bsonType !== undefined)
    throw mongoError(9, "A schema has 'type' or 'bsonType', not both. Remove one.")
  return (value) => tests.every((test) => test(value))
}

function mismatch(name: string, wanted: string, got: Value): never {
  throw mongoError(14, `The keyword ${name} of $jsonSchema takes ${wanted}. It got a ${typeWord(got)}.`)
}

function subschema(name: string, argument: Value, depth: number): Test {
  if (!isPlain(argument)) mismatch(name, 'a schema', argument)
  return compile(argument as Document, depth + 1)
}

function requireArray(name: string, argument: Value): readonly Value[] {
  if (!Array.isArray(argument)) mismatch(name, 'an array', argument)
  return argument as readonly Value[]
}

/** Demands a count: a whole number that is not negative. */
function requireCount(name: string, argument: Value): number {
  if (!isNumber(argument))
    throw mongoError(9, `The keyword ${name} takes a number. It got a ${typeWord(argument)}.`)
  const count = Number(argument)
  if (!Number.isInteger(count) || count < 0)
    throw mongoError(9, `The keyword ${name} takes a whole number that is not negative. It got ${argument}.`)
  return count
}

const counted =
  (
    name: string,
    holds: (value: Value) => number | undefined,
    test: (size: number, bound: number) => boolean,
  ): Keyword =>
  (argument) => {
    const bound = requireCount(name, argument)
    return (value) => {
      const size = holds(value)
      return size === undefined || test(size, bound)
    }
  }

const textLength = (value: Value): number | undefined =>
  typeof value === 'string' ? [...value].length : undefined
const arrayLength = (value: Value): number | undefined => (Array.isArray(value) ? value.length : undefined)
const keyCount = (value: Value): number | undefined =>
  isDocument(value) ? Object.keys(value).length : undefined
const atLeast = (size: number, bound: number): boolean => size >= bound
const atMost = (size: number, bound: number): boolean => size <= bound

const bound =
  (name: 'minimum' | 'maximum', exclusive: 'exclusiveMinimum' | 'exclusiveMaximum'): Keyword =>
  (argument, schema) => {
    if (!isNumber(argument)) mismatch(name, 'a number', argument)
    const strict = schema[exclusive] === true
    const sign = name === 'minimum' ? 1 : -1
    return (value) => {
      if (!isNumber(value)) return true
      const order = compareValues(value, argument) * sign
      return strict ? order > 0 : order >= 0
    }
  }

const exclusiveBound =
  (name: string, partner: string): Keyword =>
  (argument, schema) => {
    if (typeof argument !== 'boolean') mismatch(name, 'true or false', argument)
    if (schema[partner] === undefined)
      throw mongoError(9, `The keyword ${name} needs ${partner} beside it. Add it.`)
    return () => true
  }

const multipleOf: Keyword = (argument) => {
  if (!isNumber(argument)) mismatch('multipleOf', 'a number', argument)
  const step = Number(argument)
  if (!(step > 0) || !Number.isFinite(step))
    throw mongoError(9, `The keyword multipleOf takes a positive number. It got ${argument}.`)
  return (value) => {
    if (!isNumber(value)) return true
    if (typeof value === 'bigint' && Number.isInteger(step)) return value % BigInt(step) === 0n
    const times = Number(value) / step
    return Math.abs(times - Math.round(times)) <= Number.EPSILON * Math.abs(times)
  }
}

const pattern: Keyword = (argument) => {
  if (typeof argument !== 'string') mismatch('pattern', 'a text', argument)
  const regexp = safePattern(makePattern(argument as string, ''))
  return (value) => typeof value !== 'string' || regexp.test(value)
}

const JSON_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['object', ['object']],
  ['array', ['array']],
  ['string', ['string']],
  ['boolean', ['bool']],
  ['null', ['null']],
  ['number', ['int', 'long', 'double']],
])

const type: Keyword = (argument) => {
  const names = typeNames('type', argument)
  const allowed = new Set(
    names.flatMap((name) => {
      const types = JSON_TYPES.get(name)
      if (types === undefined)
        throw mongoError(
          name === 'integer' ? 9 : 2,
          `The keyword type has no type of this name. Use bsonType: ${name}`,
        )
      return types
    }),
  )
  return (value) => allowed.has(bsonType(value))
}

const bsonTypes: Keyword = (argument) => {
  const names = typeNames('bsonType', argument)
  const allowed = parseTypes(names)
  return (value) => allowed.has(bsonType(value))
}

function typeNames(name: string, argument: Value): readonly string[] {
  const list: readonly Value[] = Array.isArray(argument) ? argument : [argument]
  if (list.length === 0) throw mongoError(9, `The keyword ${name} needs a type. Name one.`)
  for (const item of list) if (typeof item !== 'string') mismatch(name, 'names of types', item)
  if (new Set(list).size !== list.length)
    throw mongoError(9, `The keyword ${name} names a type twice. Remove one.`)
  return list as readonly string[]
}

const required: Keyword = (argument) => {
  const names = requireArray('required', argument)
  for (const name of names) if (typeof name !== 'string') mismatch('required', 'names', name)
  if (names.length === 0) throw mongoError(9, 'The keyword required needs a name. Add one.')
  if (new Set(names).size !== names.length)
    throw mongoError(9, 'The keyword required names a field twice. Remove one.')
  return (value) => !isDocument(value) || names.every((name) => Object.hasOwn(value, name as string))
}

const properties: Keyword = (argument, _, depth) => {
  if (!isPlain(argument)) mismatch('properties', 'an object', argument)
  const tests = Object.entries(argument as Document).map(
    ([name, schema]) => [name, subschema(`properties.${name}`, schema, depth)] as const,
  )
  return (value) =>
    !isDocument(value) ||
    tests.every(([name, test]) => !Object.hasOwn(value, name) || test(getKey(value, name)))
}

function patternTests(argument: Value, depth: number): (readonly [SafePattern, Test])[] {
  if (!isPlain(argument)) mismatch('patternProperties', 'an object', argument)
  return Object.entries(argument as Document).map(([source, schema]) => {
    if (!isPlain(schema)) mismatch(`patternProperties.${source}`, 'a schema', schema)
    return [safePattern(makePattern(source, '')), compile(schema as Document, depth + 1)] as const
  })
}

const patternProperties: Keyword = (argument, _, depth) => {
  const tests = patternTests(argument, depth)
  return (value) =>
    !isDocument(value) ||
    Object.keys(value).every((key) =>
      tests.every(([regexp, test]) => !regexp.test(key) || test(getKey(value, key))),
    )
}

const additionalProperties: Keyword = (argument, schema, depth) => {
  if (typeof argument !== 'boolean' && !isPlain(argument))
    mismatch('additionalProperties', 'true, false or a schema', argument)
  const test: Test = typeof argument === 'boolean' ? () => argument : compile(argument as Document, depth + 1)
  const known = new Set(isPlain(schema.properties) ? Object.keys(schema.properties) : [])
  const patterns = schema.patternProperties === undefined ? [] : patternTests(schema.patternProperties, depth)
  return (value) =>
    !isDocument(value) ||
    Object.keys(value).every(
      (key) => known.has(key) || patterns.some(([regexp]) => regexp.test(key)) || test(getKey(value, key)),
    )
}

const dependencies: Keyword = (argument, _, depth) => {
  if (!isPlain(argument)) mismatch('dependencies', 'an object', argument)
  const tests = Object.entries(argument as Document).map(([name, needs]) => {
    if (isPlain(needs)) return [name, compile(needs, depth + 1)] as const
    if (!Array.isArray(needs)) mismatch(`dependencies.${name}`, 'names or a schema', needs)
    const names = needs as readonly Value[]
    if (names.length === 0) throw mongoError(9, `The keyword dependencies needs a name. Add one for ${name}.`)
    for (const each of names) if (typeof each !== 'string') mismatch(`dependencies.${name}`, 'names', each)
    if (new Set(names).size !== names.length)
      throw mongoError(9, 'The keyword dependencies names a field twice.')
    const test: Test = (value) => names.every((each) => Object.hasOwn(value as Document, each as string))
    return [name, test] as const
  })
  return (value) =>
    !isDocument(value) || tests.every(([name, test]) => !Object.hasOwn(value, name) || test(value))
}

const items: Keyword = (argument, _, depth) => {
  if (Array.isArray(argument)) {
    const tests = argument.map((schema: Value) => subschema('items', schema, depth))
    return (value) =>
      !Array.isArray(value) || tests.every((test, at) => at >= value.length || test(value[at]))
  }
  const test = subschema('items', argument, depth)
  return (value) => !Array.isArray(value) || value.every(test)
}

const additionalItems: Keyword = (argument, schema, depth) => {
  if (typeof argument !== 'boolean' && !isPlain(argument))
    mismatch('additionalItems', 'true, false or a schema', argument)
  if (!Array.isArray(schema.items)) return () => true
  const start = schema.items.length
  const test: Test = typeof argument === 'boolean' ? () => argument : compile(argument as Document, depth + 1)
  return (value) => !Array.isArray(value) || value.slice(start).every(test)
}

const uniqueItems: Keyword = (argument) => {
  if (typeof argument !== 'boolean') mismatch('uniqueItems', 'true or false', argument)
  return (value) => !argument || !Array.isArray(value) || new Set(value.map(keyOf)).size === value.length
}

const enumeration: Keyword = (argument) => {
  const values = requireArray('enum', argument)
  if (values.length === 0) throw mongoError(9, 'The keyword enum needs a value. Add one.')
  const keys = new Set(values.map(keyOf))
  if (keys.size !== values.length) throw mongoError(9, 'The keyword enum has a value twice. Remove one.')
  return (value) => keys.has(keyOf(value))
}

const combined =
  (name: string, decide: (count: number, total: number) => boolean): Keyword =>
  (argument, _, depth) => {
    const list = requireArray(name, argument)
    if (list.length === 0) throw mongoError(2, `The keyword ${name} needs a schema. Add one.`)
    const tests = list.map((schema) => subschema(name, schema, depth))
    return (value) => decide(tests.filter((test) => test(value)).length, tests.length)
  }

const not: Keyword = (argument, _, depth) => {
  const test = subschema('not', argument, depth)
  return (value) => !test(value)
}

const words =
  (name: string): Keyword =>
  (argument) => {
    if (typeof argument !== 'string') mismatch(name, 'a text', argument)
    return () => true
  }

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ['type', type],
  ['bsonType', bsonTypes],
  ['required', required],
  ['properties', properties],
  ['patternProperties', patternProperties],
  ['additionalProperties', additionalProperties],
  ['minProperties', counted('minProperties', keyCount, atLeast)],
  ['maxProperties', counted('maxProperties', keyCount, atMost)],
  ['dependencies', dependencies],
  ['items', items],
  ['additionalItems', additionalItems],
  ['minItems', counted('minItems', arrayLength, atLeast)],
  ['maxItems', counted('maxItems', arrayLength, atMost)],
  ['uniqueItems', uniqueItems],
  ['minLength', counted('minLength', textLength, atLeast)],
  ['maxLength', counted('maxLength', textLength, atMost)],
  ['pattern', pattern],
  ['minimum', bound('minimum', 'exclusiveMinimum')],
  ['maximum', bound('maximum', 'exclusiveMaximum')],
  ['exclusiveMinimum', exclusiveBound('exclusiveMinimum', 'minimum')],
  ['exclusiveMaximum', exclusiveBound('exclusiveMaximum', 'maximum')],
  ['multipleOf', multipleOf],
  ['enum', enumeration],
  ['allOf', combined('allOf', (count, total) => count === total)],
  ['anyOf', combined('anyOf', (count) => count > 0)],
  ['oneOf', combined('oneOf', (count) => count === 1)],
  ['not', not],
  ['title', words('title')],
  ['description', words('description')],
])
