import { SheafError, type Value } from '@sheafdb/core'
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { mongoError } from '../language/errors.ts'
import { parseTypes } from '../language/parser-types.ts'
import type { CollectionOptions } from '../layout/table.ts'
import { bsonType, type Document, isDocument } from '../semantics/value.ts'

type Schema = Readonly<Record<string, unknown>>

const AJV_OPTIONS: Options = {
  strict: false,
  allErrors: true,
  ownProperties: true,
  logger: false,
  validateFormats: false,
}

const DRAFT_2020 = /draft\/2020-12\/schema/

type Validator = { readonly validate: ValidateFunction; readonly seesTypes: boolean }

const validators = new WeakMap<object, Validator>()

/**
 * Compiles a JSON Schema: draft-07, or 2020-12 where `$schema` says so, with MongoDB's `bsonType` beside `type`.
 * Schemas that it refers to by their URI are given in `others`.
 *
 * @throws `ARGUMENT` for a schema that is none
 */
export function compileValidator(schema: Schema, others: Readonly<Record<string, Schema>> = {}): Validator {
  let validator = validators.get(schema)
  if (validator === undefined) {
    validator = { validate: compile(schema, others), seesTypes: usesKeyword(schema, 'bsonType') }
    validators.set(schema, validator)
  }
  return validator
}

function compile(schema: Schema, others: Readonly<Record<string, Schema>>): ValidateFunction {
  try {
    const ajv = DRAFT_2020.test(String(schema.$schema)) ? new Ajv2020(AJV_OPTIONS) : new Ajv(AJV_OPTIONS)
    ajv.addKeyword({ keyword: 'bsonType', compile: compileBsonType, errors: true })
    for (const [uri, other] of Object.entries(others)) ajv.addSchema(other, uri)
    return ajv.compile(schema)
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw new SheafError('ARGUMENT', `A schema is no valid JSON Schema. Correct it: ${cause.message}`, {
      cause,
    })
  }
}

type TypeTest = { (value: Value): boolean; errors?: Partial<ErrorObject>[] }

function compileBsonType(types: Value): TypeTest {
  const allowed = parseTypes(types)
  const problem = { keyword: 'bsonType', message: `must be of type ${String(types)}`, params: {} }
  const validate: TypeTest = (value: Value) => {
    validate.errors = [problem]
    return allowed.has(bsonType(value))
  }
  return validate
}

function usesKeyword(schema: Value, keyword: string): boolean {
  if (Array.isArray(schema)) return schema.some((item: Value) => usesKeyword(item, keyword))
  if (typeof schema !== 'object' || schema === null) return false
  return (
    Object.hasOwn(schema, keyword) || Object.values(schema).some((item: Value) => usesKeyword(item, keyword))
  )
}

/** Checks documents against a collection's schema. @throws DocumentValidationFailure naming the path */
export function validateDocuments(options: CollectionOptions, documents: readonly Document[]): void {
  if (options.schema === undefined) return
  const { validate, seesTypes } = compileValidator(options.schema, options.schemas)
  for (const document of documents) {
    // JSON Schema knows numbers of one kind; `bsonType` tells those of documents apart.
    if (followsSchema(validate, seesTypes ? document : jsonView(document))) continue
    const problems = (validate.errors ?? []).map(describeProblem).join('; ')
    const message = `A document does not follow the collection's schema. Correct it: ${problems}`
    if (options.validation === 'warn') process.emitWarning(message, 'SheafValidationWarning')
    else throw mongoError(121, message)
  }
}

/** Tells whether a value follows a schema. @throws `LIMIT` for a schema that leads back to itself without end */
export function followsSchema(validate: ValidateFunction, value: Value): boolean {
  try {
    return validate(value)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new SheafError('LIMIT', 'A schema refers to itself without end. Correct its $ref or $dynamicRef.', {
      cause,
    })
  }
}

function describeProblem({ instancePath, message }: ErrorObject): string {
  return `${instancePath === '' ? '/' : instancePath} ${message}`
}

/** Gives a document with whole numbers of 64 bits as numbers; the same document where it has none. */
function jsonView<Item extends Value>(value: Item): Item {
  if (typeof value === 'bigint') return Number(value) as Item
  if (Array.isArray(value)) {
    const items = value.map(jsonView)
    return items.some((item, at) => item !== value[at]) ? (items as Item) : value
  }
  if (!isDocument(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, jsonView(item)] as const)
  return entries.some(([key, item]) => item !== value[key]) ? (Object.fromEntries(entries) as Item) : value
}
