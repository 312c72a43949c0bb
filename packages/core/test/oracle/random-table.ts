import { FixedSizeList, List, Struct } from 'apache-arrow'
import * as fc from 'fast-check'
import type { TableDefinition } from '../../src/catalog/definition.ts'
import { type Batch, boxedColumn, type Column, isBoxedType, makeBatch } from '../../src/types/column.ts'
import { columnFromValues, makeNumberArray, validityOf } from '../../src/types/column-builder.ts'
import { type DataType, isInteger, isText, makeField, types } from '../../src/types/data-type.ts'
import { canonicalInteger, groupKey, type Value } from '../../src/types/value.ts'
import type { MemoryTable } from './memory-snapshot.ts'

/** Draws values, so that a plan can be made step by step from what stands already. */
export type Draw = fc.GeneratorValue

function unbiased(maximum: number): fc.Arbitrary<number> {
  return fc.noBias(fc.nat(maximum))
}

/** Draws a number from 0 up to a bound, each as often. */
export function upTo(draw: Draw, maximum: number): number {
  return draw(unbiased, maximum)
}

/** Draws one of some things. */
export function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[upTo(draw, items.length - 1)] as Item
}

/** Draws true once in so many times. */
export function oneIn(draw: Draw, count: number): boolean {
  return upTo(draw, count - 1) === 0
}

/** Names a type with the values that are drawn for it: few, so that rows meet, and extreme ones among them. */
export type ColumnKind = { readonly name: string; readonly type: DataType; readonly values: readonly Value[] }

const TEXTS = ['', 'a', 'b', 'ab', 'aB', 'é', '\uffff', '😀', 'a%', 'a_', '10', '-2.5', 'true', '__proto__']
const LONG_TEXT = 'a text that is longer than what is read byte by byte'
const FLOATS = [
  0,
  -0,
  1,
  -1,
  2,
  0.25,
  -1.5,
  3.75,
  100,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]
const WIDE = [
  0,
  1,
  -1,
  2,
  3,
  7,
  2 ** 31,
  -(2 ** 40),
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  2n ** 53n,
  -(2n ** 53n),
  2n ** 53n + 1n,
]

/** Lists the kinds of columns that random tables have. */
export const columnKinds: readonly ColumnKind[] = [
  { name: 'flag', type: types.bool, values: [true, false] },
  { name: 'tiny', type: types.int8, values: [0, 1, 2, 3, -1, 127, -128] },
  { name: 'small', type: types.int16, values: [0, 1, 2, 5, -7, 32_767, -32_768] },
  { name: 'integer', type: types.int32, values: [0, 1, 2, 3, 4, -1, 2 ** 31 - 1, -(2 ** 31)] },
  { name: 'wide', type: types.int64, values: [...WIDE, 2n ** 63n - 1n, -(2n ** 63n)] },
  { name: 'count', type: types.uint32, values: [0, 1, 2, 3, 4, 2 ** 32 - 1] },
  { name: 'unsigned', type: types.uint64, values: [0, 1, 2, 3, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n] },
  { name: 'single', type: types.float32, values: FLOATS },
  { name: 'double', type: types.float64, values: FLOATS },
  { name: 'text', type: types.utf8, values: [...TEXTS, LONG_TEXT] },
  {
    name: 'bytes',
    type: types.binary,
    values: [[], [0], [1], [1, 2], [255]].map((bytes) => Uint8Array.from(bytes)),
  },
  { name: 'day', type: types.date, values: [0, 1, -1, 19_000] },
  { name: 'moment', type: types.timestamp, values: [0, 1, -1, 1_700_000_000_000_000, 2n ** 60n] },
  {
    name: 'dynamic',
    type: types.variant,
    values: [
      0,
      1,
      2.5,
      2n ** 60n,
      'a',
      '',
      true,
      false,
      [],
      [1, 'a'],
      { a: 1 },
      { a: { b: 'x' } },
      new Date(0),
    ],
  },
  {
    name: 'list',
    type: new List(makeField('item', types.int32)),
    values: [[], [1], [1, 2], [2, null, 1], [3]],
  },
  { name: 'words', type: new List(makeField('item', types.utf8)), values: [[], ['a'], ['b', 'a'], [null]] },
  {
    name: 'vector',
    type: new FixedSizeList(2, makeField('item', types.float32, { nullable: false })),
    values: [
      [0, 0],
      [1, 0],
      [0, 2],
      [-1, 0.5],
    ].map((vector) => Float32Array.from(vector)),
  },
  {
    name: 'record',
    type: new Struct([makeField('a', types.int32), makeField('b', types.utf8)]),
    values: [
      { a: 1, b: 'x' },
      { a: null, b: 'y' },
      { a: 2, b: null },
    ],
  },
]

/** Draws values of a kind, some of them null. */
export function drawValues(draw: Draw, kind: ColumnKind, count: number): Value[] {
  const nulls = pick(draw, [0, 3, 10])
  return Array.from({ length: count }, () =>
    nulls > 0 && oneIn(draw, nulls) ? null : pick(draw, kind.values),
  )
}

/** Draws a layout that can hold the values of a type, and makes a column in it. */
export function drawColumn(draw: Draw, type: DataType, values: readonly Value[]): Column {
  const layout = upTo(draw, 3)
  if (layout === 1) return boxedColumn(type, values)
  if (layout === 2 && (isText(type) || (isInteger(type) && oneIn(draw, 2))))
    return dictionaryColumn(draw, type, values)
  if (layout === 2 || layout === 3) return narrowColumn(draw, type, values) ?? columnFromValues(type, values)
  return columnFromValues(type, values)
}

function dictionaryColumn(draw: Draw, type: DataType, values: readonly Value[]): Column {
  const codes = new Map<unknown, number>()
  const distinct: Value[] = []
  const width = pick(draw, [Int8Array, Uint16Array, Int32Array])
  const coded = values.map((value) => {
    if (value === null) return 0
    const key = groupKey(value)
    if (!codes.has(key)) codes.set(key, distinct.push(value) - 1)
    return codes.get(key) as number
  })
  return {
    layout: 'dictionary',
    type,
    length: values.length,
    validity: validityOf(values),
    codes: width.from(coded),
    dictionary: columnFromValues(type, distinct),
  }
}

/** Makes a column whose array is narrower than its type, with garbage where values are null. */
function narrowColumn(draw: Draw, type: DataType, values: readonly Value[]): Column | undefined {
  if (isBoxedType(type) || !isFlat(type)) return undefined
  const canonical = values.map((value) => (typeof value === 'bigint' ? canonicalInteger(value) : value))
  if (canonical.some((value) => typeof value === 'bigint')) return undefined
  const numbers = canonical.map((value) => (value === null ? 77 : (value as number)))
  const fitting = [Int8Array, Int16Array, Uint16Array, Int32Array, Float32Array, Float64Array].filter(
    (array) => numbers.every((number, at) => Object.is(array.of(number)[0], number) || values[at] === null),
  )
  if (fitting.length === 0) return undefined
  return {
    layout: 'flat',
    type,
    length: values.length,
    validity: validityOf(values),
    values: pick(draw, fitting).from(numbers),
  }
}

function isFlat(type: DataType): boolean {
  try {
    return makeNumberArray(type, 0).length === 0
  } catch {
    return false
  }
}

/** Draws a table of the kinds given: some batches, empty ones too, in layouts of their own, with rows not selected. */
export function drawTable(
  draw: Draw,
  name: string,
  kinds: readonly ColumnKind[],
  repeats: readonly number[] = REPEATS,
): MemoryTable {
  const batches: Batch[] = []
  const batchCount = pick(draw, [0, 1, 1, 2, 3])
  for (let at = 0; at < batchCount; at += 1) batches.push(drawBatch(draw, kinds, repeats))
  return { definition: definitionOf(name, kinds), batches }
}

/** Copies of a few rows make batches so long that loops over them are compiled in every mode but `interpreted`. */
const REPEATS = [1, 1, 1, 200]

function drawBatch(draw: Draw, kinds: readonly ColumnKind[], repeats: readonly number[]): Batch {
  const rowCount = pick(draw, [0, 2, 4, 6, 8])
  const repeat = pick(draw, repeats)
  const length = rowCount * repeat
  const columns = kinds.map((kind) => {
    const values = drawValues(draw, kind, rowCount)
    return drawColumn(
      draw,
      kind.type,
      Array.from({ length }, (_, row) => values[row % rowCount] as Value),
    )
  })
  if (!oneIn(draw, 3)) return makeBatch(columns, length)
  const kept = Array.from({ length: rowCount }, () => oneIn(draw, 2))
  const selection = Uint32Array.from(
    Array.from({ length }, (_, row) => row).filter((row) => kept[row % rowCount]),
  )
  return makeBatch(columns, length, selection)
}

/** Describes a table of the kinds given. */
export function definitionOf(name: string, kinds: readonly ColumnKind[]): TableDefinition {
  return {
    id: 1,
    name,
    model: 'test',
    collection: name,
    part: '',
    fields: kinds.map((kind) => makeField(kind.name, kind.type)),
    key: [],
    adjacencies: [],
    indexes: [],
    options: {},
  }
}

const NODE_COUNT = 6

/** Draws a table of edges between few nodes, with loops, parallel edges and edges that lack an end. */
export function drawEdges(draw: Draw, name: string): MemoryTable {
  const count = upTo(draw, 14)
  const node = () => (oneIn(draw, 12) ? null : upTo(draw, NODE_COUNT - 1))
  const sources = Array.from({ length: count }, node)
  const targets = Array.from({ length: count }, node)
  const kinds = Array.from({ length: count }, () => upTo(draw, 2))
  return {
    definition: {
      ...definitionOf(name, []),
      fields: ['source', 'target', 'kind'].map((field) => makeField(field, types.int64)),
      adjacencies: [
        { name: 'all', source: 'source', target: 'target', partition: null },
        { name: 'parted', source: 'source', target: 'target', partition: 'kind' },
      ],
    },
    batches: [
      makeBatch(
        [sources, targets, kinds].map((values) => columnFromValues(types.int64, values)),
        count,
      ),
    ],
  }
}

/** Draws the id of a node, which may be one without edges, or null. */
export function drawNodes(draw: Draw, count: number): Value[] {
  return Array.from({ length: count }, () => (oneIn(draw, 8) ? null : upTo(draw, NODE_COUNT)))
}
