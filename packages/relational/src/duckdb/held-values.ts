import {
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
} from '@duckdb/node-api'
import { quoteIdentifier, quoteText } from '../language/quote.ts'
import { tagOf } from './types.ts'

/**
 * Writes the SQL that makes values of a type of what holds them in a column: maps of their entries, unions of the struct
 * of their members, at any depth. Everything else is left to the cast around it.
 */
export function readHeld(value: string, type: DuckDBType, depth = 0): string {
  switch (type.typeId) {
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      const item = `item${depth}`
      const parts = [
        readHeld(`${item}.key`, keyType, depth + 1),
        readHeld(`${item}.value`, valueType, depth + 1),
      ]
      const isPlain = parts[0] === `${item}.key` && parts[1] === `${item}.value`
      const entries = isPlain
        ? value
        : `list_transform(${value}, lambda ${item}: {'key': ${parts[0]}, 'value': ${parts[1]}})`
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE map_from_entries(${entries}) END`
    }
    case DuckDBTypeId.UNION: {
      const union = type as DuckDBUnionType
      const members = union.memberTags.map((tag, index) => {
        const name = quoteIdentifier(tag)
        const member = readHeld(`${value}.${name}`, union.memberTypes[index] as DuckDBType, depth + 1)
        return `WHEN ${quoteText(tag)} THEN CAST(union_value(${name} := CAST(${member} AS ${union.memberTypes[index]})) AS ${type})`
      })
      return `CASE ${value}.${quoteIdentifier(tagOf(union))} ${members.join(' ')} END`
    }
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const item = `item${depth}`
      const read = readHeld(item, (type as DuckDBListType).valueType, depth + 1)
      if (read === item) return value
      const list = type.typeId === DuckDBTypeId.ARRAY ? `array_to_list(${value})` : value
      return `list_transform(${list}, lambda ${item}: ${read})`
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      const fields = entryNames.map((name) => `${value}.${quoteIdentifier(name)}`)
      const read = fields.map((field, index) => readHeld(field, entryTypes[index] as DuckDBType, depth + 1))
      if (read.every((text, index) => text === fields[index])) return value
      const parts = entryNames.map((name, index) => `${quoteIdentifier(name)} := ${read[index]}`)
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`
    }
    default:
      return value
  }
}
