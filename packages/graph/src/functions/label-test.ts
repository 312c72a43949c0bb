import {
  type BitColumn,
  type Column,
  columnValues,
  type DictionaryColumn,
  type ListColumn,
  types,
  type Value,
} from '@sheafdb/core'

/** Columns of segments stay the same from query to query: what was found in them is kept as long as they are. */
const tested = new WeakMap<Column, Map<Value, Column>>()
const MOST_LABELS = 16

/** Tests a column of lists for a label at once, by the codes of their dictionary; `undefined` for other layouts. */
export function testLabel(column: Column, [label]: readonly Value[]): Column | undefined {
  if (column.layout !== 'list' || column.child.layout !== 'dictionary') return undefined
  let known = tested.get(column)
  if (known === undefined || known.size === MOST_LABELS) {
    known = new Map()
    tested.set(column, known)
  }
  let found = known.get(label)
  if (found === undefined) {
    found = labelBits(column, column.child, label)
    known.set(label, found)
  }
  return found
}

function labelBits(column: ListColumn, child: DictionaryColumn, label: Value): Column {
  const { offsets, length, validity } = column
  const bits: BitColumn = {
    layout: 'bit',
    type: types.bool,
    length,
    validity,
    values: new Uint8Array((length + 7) >> 3),
  }
  const isWanted = wantedCodes(child, label)
  const { codes } = child
  for (let row = 0; row < length; row += 1) {
    const end = offsets[row + 1] as number
    for (let at = offsets[row] as number; at < end; at += 1) {
      if (isWanted[codes[at] as number] === 0) continue
      bits.values[row >> 3] = (bits.values[row >> 3] as number) | (1 << (row & 7))
      break
    }
  }
  return bits
}

function wantedCodes({ dictionary }: DictionaryColumn, label: Value): Uint8Array {
  return Uint8Array.from(columnValues(dictionary), (value) => (value === label ? 1 : 0))
}
