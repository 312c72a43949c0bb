/**
 * What a field's metadata keeps of its history, so that rows older than the field, or than its type, are read without
 * being rewritten: the value of rows that were there before it, and the field whose values it took over.
 */
import { deserialize, serialize } from 'node:v8'
import { type DataType, Field } from 'apache-arrow'
import { FIELD_ID_KEY, fieldIdOf } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { type TypeJson, typeFromJson, typeToJson } from './type-json.ts'

const MISSING_KEY = 'sheaf:missing'
const FORMER_KEY = 'sheaf:former'

/** Is what stands for a field in rows that are older. */
export type FieldHistory = {
  readonly missing?: Value
  readonly former?: { readonly fieldId: number; readonly type: DataType } & FieldHistory
}

type FormerJson = {
  readonly id: number
  readonly type: TypeJson
  readonly missing?: string
  readonly former?: FormerJson
}

/** Gives a field the value of rows that are older than it. */
export function withMissing(field: Field, value: Value): Field {
  return copied(field, field.type, field.nullable, [[MISSING_KEY, encodeValue(value)]])
}

/** Makes the field that takes over the values of another with another type. */
export function succeeding(field: Field, type: DataType, nullable: boolean): Field {
  return copied(field, type, nullable, [[FORMER_KEY, JSON.stringify(formerJson(field))]])
}

/** Reads the history out of a field's metadata. */
export function fieldHistory(field: Field): FieldHistory {
  const missing = field.metadata.get(MISSING_KEY)
  const former = field.metadata.get(FORMER_KEY)
  return {
    ...(missing === undefined ? {} : { missing: decodeValue(missing) }),
    ...(former === undefined ? {} : { former: formerOf(JSON.parse(former) as FormerJson) }),
  }
}

/** Lists the ids of the fields whose values a field took over, the last one first. */
export function formerIds(field: Field): readonly number[] {
  const ids: number[] = []
  for (let { former } = fieldHistory(field); former !== undefined; former = former.former)
    ids.push(former.fieldId)
  return ids
}

function copied(
  field: Field,
  type: DataType,
  nullable: boolean,
  entries: readonly (readonly [string, string])[],
): Field {
  const metadata = new Map(field.metadata)
  for (const key of [MISSING_KEY, FORMER_KEY, FIELD_ID_KEY]) metadata.delete(key)
  for (const [key, value] of entries) metadata.set(key, value)
  return new Field(field.name, type, nullable, metadata)
}

function formerJson(field: Field): FormerJson {
  const missing = field.metadata.get(MISSING_KEY)
  const former = field.metadata.get(FORMER_KEY)
  return {
    id: fieldIdOf(field) as number,
    type: typeToJson(field.type),
    ...(missing === undefined ? {} : { missing }),
    ...(former === undefined ? {} : { former: JSON.parse(former) as FormerJson }),
  }
}

function formerOf({ id, type, missing, former }: FormerJson): NonNullable<FieldHistory['former']> {
  return {
    fieldId: id,
    type: typeFromJson(type),
    ...(missing === undefined ? {} : { missing: decodeValue(missing) }),
    ...(former === undefined ? {} : { former: formerOf(former) }),
  }
}

function encodeValue(value: Value): string {
  return serialize(value).toString('base64')
}

function decodeValue(text: string): Value {
  return deserialize(Buffer.from(text, 'base64')) as Value
}
