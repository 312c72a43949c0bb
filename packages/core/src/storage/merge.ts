import type { Field } from 'apache-arrow'
import { type BytesColumn, type Column, columnReader, isBoxedType } from '../types/column.ts'
import { valueType } from '../types/data-type.ts'
import { compareValues, type Value } from '../types/value.ts'
import { safeDoubles } from '../types/wide-integers.ts'
import { coerceColumn, growableColumn } from './growable-column.ts'
import { Memtable } from './memtable.ts'
import { CHUNK_ROWS, type Part, type PartField } from './part.ts'
import type { SegmentContent } from './segment-writer.ts'
import { sortBytes } from './sort-bytes.ts'
import { takeColumn } from './take.ts'

/** Describes the table whose parts are merged. */
export type MergeTable = {
  readonly fields: readonly { readonly field: Field; readonly part: PartField }[]
  /** Ids of the key's fields. */
  readonly key: readonly number[]
}

/** Is the rows of some parts in the order in which a segment keeps them, and where each came from. */
export type Merged = {
  readonly content: SegmentContent
  /** The commit that created the rows, where `content.created` is null. */
  readonly createdAt: number
  /** For each part, the new position of each of its positions, -1 where the row is left out. */
  readonly positions: readonly Int32Array[]
}

/**
 * Puts the rows of parts together: those that a commit from `oldest` on may see, in the order of the key where there
 * is one, step by step. `null` where no row is left.
 *
 * @param keepFrom rows deleted up to this commit are left out
 * @param upTo rows created after this commit are not taken: they are still in the log
 */
export function* mergeParts(
  table: MergeTable,
  parts: readonly Part[],
  range: { readonly keepFrom: number; readonly upTo: number },
): Generator<void, Merged | null> {
  const lengths = parts.map((part) => part.rowCountAt(range.upTo))
  const kept = parts.map((part, at) => keptPositions(part, lengths[at] as number, range.keepFrom))
  const total = kept.reduce((sum, positions) => sum + positions.length, 0)
  if (total === 0) return null
  yield
  const columns: Column[] = []
  for (const { part } of table.fields) {
    columns.push(concatenate({ ...part, type: valueType(part.type) }, parts, lengths, kept))
    yield
  }
  const whole = wholeMemtable(parts, kept)
  const rowIds =
    whole?.rowIds() ?? gatherNumbers(parts, kept, total, (part, position) => part.rowIdAt(position))
  const created =
    whole?.createdCommits() ?? gatherNumbers(parts, kept, total, (part, position) => part.createdAt(position))
  const key = table.key.map(
    (fieldId) => columns[table.fields.findIndex((field) => field.part.fieldId === fieldId)] as Column,
  )
  const order = key.length === 0 ? null : sortOrder(key, total)
  yield
  const content: SegmentContent = {
    fields: table.fields.map(({ field, part }, at) => ({
      field,
      fieldId: part.fieldId,
      column: reorder(columns[at] as Column, order),
    })),
    rowIds: order === null ? rowIds : Float64Array.from(order, (at) => rowIds[at] as number),
    created: sameEverywhere(created)
      ? null
      : order === null
        ? created
        : Float64Array.from(order, (at) => created[at] as number),
    sortedBy: table.key,
  }
  return { content, createdAt: created[0] as number, positions: newPositions(lengths, kept, order) }
}

/** Gives the memtable that is merged alone and whole, if so it is: the most frequent case, and the quickest. */
function wholeMemtable(parts: readonly Part[], kept: readonly Int32Array[]): Memtable | null {
  const [only] = parts
  return parts.length === 1 && only instanceof Memtable && kept[0]?.length === only.rowCount ? only : null
}

/** Finds the positions of a part that are not deleted up to a commit. */
function keptPositions(part: Part, length: number, keepFrom: number): Int32Array {
  const positions = new Int32Array(length)
  if (part.deletedCount === 0) {
    for (let position = 0; position < length; position += 1) positions[position] = position
    return positions
  }
  let count = 0
  for (let position = 0; position < length; position += 1) {
    if (part.deletedAt(position) > keepFrom) {
      positions[count] = position
      count += 1
    }
  }
  return positions.subarray(0, count)
}

function concatenate(
  field: PartField,
  parts: readonly Part[],
  lengths: readonly number[],
  kept: readonly Int32Array[],
): Column {
  const whole = wholeMemtable(parts, kept)
  if (whole !== null) return whole.wholeColumn(field)
  const growable = growableColumn(field.type)
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] as Part
    const positions = kept[at] as Int32Array
    const length = lengths[at] as number
    let from = 0
    for (let chunk = 0; chunk * CHUNK_ROWS < length; chunk += 1) {
      const rows = Math.min(length - chunk * CHUNK_ROWS, CHUNK_ROWS)
      const end = chunk * CHUNK_ROWS + rows
      let to = from
      while (to < positions.length && (positions[to] as number) < end) to += 1
      if (to > from) {
        const column = appendable(part.column(field, chunk, rows), field)
        if (to - from === rows) growable.append(column, 0, rows)
        else appendRows(growable, column, field, positions.subarray(from, to), chunk * CHUNK_ROWS)
      }
      from = to
    }
  }
  return growable.view(growable.length)
}

function appendable(column: Column, field: PartField): Column {
  return coerceColumn(column, field.type)
}

function appendRows(
  growable: ReturnType<typeof growableColumn>,
  column: Column,
  field: PartField,
  positions: Int32Array,
  start: number,
): void {
  const plan = {
    which: new Uint32Array(positions.length),
    index: positions.map((position) => position - start),
  }
  growable.append(appendable(takeColumn(field.type, [column], plan), field), 0, positions.length)
}

function gatherNumbers(
  parts: readonly Part[],
  kept: readonly Int32Array[],
  total: number,
  read: (part: Part, position: number) => number,
): Float64Array {
  const numbers = new Float64Array(total)
  let count = 0
  for (let at = 0; at < parts.length; at += 1) {
    for (const position of kept[at] as Int32Array) {
      numbers[count] = read(parts[at] as Part, position)
      count += 1
    }
  }
  return numbers
}

function sameEverywhere(numbers: Float64Array): boolean {
  for (let at = 1; at < numbers.length; at += 1) if (numbers[at] !== numbers[0]) return false
  return true
}

/** Gives the order of rows by key, `null` where they are in it already. Equal keys keep their order. */
export function sortOrder(key: readonly Column[], length: number): Int32Array | null {
  const [first] = key
  if (first?.layout === 'bytes' && first.validity === null) return bytesOrder(first, key.slice(1))
  const compare = rowComparer(key)
  let sorted = true
  for (let at = 1; at < length && sorted; at += 1) sorted = compare(at - 1, at) <= 0
  if (sorted) return null
  const order = Int32Array.from({ length }, (_, at) => at)
  return order.sort((left, right) => compare(left, right) || left - right)
}

/** Sorts by the bytes of the first column; runs of equal ones by the other columns. */
function bytesOrder(first: BytesColumn, rest: readonly Column[]): Int32Array | null {
  const order = sortBytes(first)
  let compare: ((left: number, right: number) => number) | null = null
  let from = 0
  for (let at = 1; at <= order.length; at += 1) {
    if (at < order.length && equalBytes(first, order[from] as number, order[at] as number)) continue
    if (at - from > 1 && rest.length > 0) {
      compare ??= rowComparer(rest)
      const byRest = compare
      order.subarray(from, at).sort((left, right) => byRest(left, right) || left - right)
    }
    from = at
  }
  return order.every((row, at) => row === at) ? null : order
}

function equalBytes({ offsets, data }: BytesColumn, left: number, right: number): boolean {
  const [a, b] = [offsets[left] as number, offsets[right] as number]
  const length = (offsets[left + 1] as number) - a
  if (length !== (offsets[right + 1] as number) - b) return false
  for (let at = 0; at < length; at += 1) if (data[a + at] !== data[b + at]) return false
  return true
}

/** Makes the function that compares two rows by some columns. */
export function rowComparer(key: readonly Column[]): (left: number, right: number) => number {
  const comparers = key.map(columnComparer)
  const [first] = comparers
  if (comparers.length === 1 && first !== undefined) return first
  return (left, right) => {
    for (const compare of comparers) {
      const order = compare(left, right)
      if (order !== 0) return order
    }
    return 0
  }
}

function columnComparer(column: Column): (left: number, right: number) => number {
  if (column.layout === 'flat' && column.validity === null) {
    const { values } = column
    const wide = values instanceof BigInt64Array || values instanceof BigUint64Array
    const doubles = wide ? safeDoubles(values) : null
    if (doubles !== null) return (left, right) => (doubles[left] as number) - (doubles[right] as number)
    const float = values instanceof Float64Array || values instanceof Float32Array
    if (!float && !wide) return (left, right) => (values[left] as number) - (values[right] as number)
  }
  const read = columnReader(column)
  // Decoded once: a sort reads each value about twenty times.
  const decoded: Value[] = Array.from({ length: column.length }, (_, at) => read(at))
  return (left, right) => compareValues(decoded[left], decoded[right])
}

function reorder(column: Column, order: Int32Array | null): Column {
  if (order === null) return column
  const taken = takeColumn(column.type, [column], { which: new Uint32Array(order.length), index: order })
  return isBoxedType(column.type) ? taken : coerceColumn(taken, column.type)
}

function newPositions(
  lengths: readonly number[],
  kept: readonly Int32Array[],
  order: Int32Array | null,
): Int32Array[] {
  const [first] = kept
  if (order === null && kept.length === 1 && first?.length === lengths[0]) return [first as Int32Array]
  const total = kept.reduce((sum, positions) => sum + positions.length, 0)
  const placed = new Int32Array(total)
  for (let at = 0; at < total; at += 1) placed[order === null ? at : (order[at] as number)] = at
  let count = 0
  return kept.map((positions, part) => {
    const mapped = new Int32Array(lengths[part] as number).fill(-1)
    for (const position of positions) {
      mapped[position] = placed[count] as number
      count += 1
    }
    return mapped
  })
}
