import { SheafError, type Value } from '@sheafdb/core'

/** Is a graph outside of a store: nodes by a key of their own, and edges between them. */
export type GraphData = {
  readonly nodes: readonly {
    readonly key: string
    readonly labels: readonly string[]
    readonly properties: Readonly<Record<string, Value>>
  }[]
  readonly edges: readonly {
    readonly type: string
    readonly source: string
    readonly target: string
    readonly properties: Readonly<Record<string, Value>>
  }[]
}

/** Names the formats that graphs are written in and read from. */
export type GraphFormat = 'graphml' | 'gexf' | 'node-link'

/** Is the label of nodes, and the type of edges, where a file gives none. */
export const DEFAULT_LABEL = 'Node'
/** Is the type of edges where a file gives none. */
export const DEFAULT_TYPE = 'RELATED'

/** Names the kinds of values that attributes of files have. */
export type AttributeType = 'boolean' | 'long' | 'double' | 'string'

/** Finds the one kind that holds all values of each property. */
export function attributeTypes(
  items: readonly { readonly properties: Readonly<Record<string, Value>> }[],
): ReadonlyMap<string, AttributeType> {
  const types = new Map<string, AttributeType>()
  for (const { properties } of items) {
    for (const [name, value] of Object.entries(properties)) {
      const type = typeOf(value)
      const known = types.get(name)
      types.set(name, known === undefined || known === type ? type : widened(known, type))
    }
  }
  return types
}

function typeOf(value: Value): AttributeType {
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint') return 'long'
  if (typeof value === 'number') return Number.isInteger(value) ? 'long' : 'double'
  return 'string'
}

function widened(left: AttributeType, right: AttributeType): AttributeType {
  const numbers: readonly AttributeType[] = ['long', 'double']
  return numbers.includes(left) && numbers.includes(right) ? 'double' : 'string'
}

/** Writes a value as the text of an attribute: lists as JSON, dates and times in their ISO form. */
export function attributeText(value: Value): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) || ArrayBuffer.isView(value)
    ? JSON.stringify(Array.from(value as ArrayLike<Value>), plain)
    : String(value)
}

/** Makes a value plain JSON, for `JSON.stringify`: integers too large for a number as text. */
export function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** Reads the text of an attribute of a type. @throws `VALUE` where it is none of that type */
export function attributeValue(text: string, type: string): Value {
  switch (type) {
    case 'boolean':
      return text.trim() === 'true' || text.trim() === '1'
    case 'int':
    case 'integer':
    case 'long': {
      if (!/^\s*[-+]?\d+\s*$/.test(text)) throw wrongValue(text, type)
      const value = BigInt(text.trim().replace('+', ''))
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    }
    case 'float':
    case 'double': {
      const value = Number(text)
      if (text.trim() === '' || (Number.isNaN(value) && text.trim() !== 'NaN')) throw wrongValue(text, type)
      return value
    }
    default:
      return text
  }
}

function wrongValue(text: string, type: string): SheafError {
  return new SheafError('VALUE', `A value in the file is no ${type}. Correct it: ${text.slice(0, 60)}`)
}
