import { mongoError } from './errors.ts'
import { typeWord } from './parser-values.ts'
import type { Value } from './syntax.ts'

const TYPE_NAMES: ReadonlyMap<Value, string> = new Map<Value, string>([
  [1, 'double'],
  [2, 'string'],
  [3, 'object'],
  [4, 'array'],
  [5, 'binData'],
  [6, 'undefined'],
  [7, 'objectId'],
  [8, 'bool'],
  [9, 'date'],
  [10, 'null'],
  [11, 'regex'],
  [12, 'dbPointer'],
  [13, 'javascript'],
  [14, 'symbol'],
  [15, 'javascriptWithScope'],
  [16, 'int'],
  [17, 'timestamp'],
  [18, 'long'],
  [19, 'decimal'],
  [-1, 'minKey'],
  [127, 'maxKey'],
])

const KNOWN_TYPES: ReadonlySet<Value> = new Set([...TYPE_NAMES.values(), 'number'])

/** Parses what `$type` and `bsonType` take: names and numbers of types, one or a list. */
export function parseTypes(value: Value): ReadonlySet<string> {
  const list: readonly Value[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw mongoError(9, '$type must match at least one type. Name one.')
  const types = new Set<string>()
  for (const item of list) {
    const name = typeName(item)
    if (name === 'number') for (const number of ['int', 'long', 'double', 'decimal']) types.add(number)
    else types.add(name)
  }
  return types
}

function typeName(value: Value): string {
  if (typeof value === 'string') {
    if (KNOWN_TYPES.has(value)) return value
    throw mongoError(2, `There is no type of this name. Check its spelling: ${value}`)
  }
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw mongoError(14, `A type is named by a string or a number. It got a ${typeWord(value)}.`)
  const name = TYPE_NAMES.get(Number(value))
  if (name === undefined) throw mongoError(2, `There is no type of this number. Use a known one: ${value}`)
  return name
}
