import type { TableDefinition } from '../catalog/definition.ts'
import type { KeyedCursor, KeyedReader, KeyedRow, KeyRangeBounds } from '../catalog/keyed-reader.ts'
import { compareKeyBytes } from '../storage/key-bytes.ts'
import { BytesKey } from '../storage/key-token.ts'
import { Memtable } from '../storage/memtable.ts'
import type { Part, PartField } from '../storage/part.ts'
import { Segment } from '../storage/segment.ts'
import { assert } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { findKey, partField, type TableView } from './table-view.ts'

/** Gives what a reader sees now. */
export type CurrentView = () => Pick<TableView, 'parts' | 'commit' | 'hidden'>

/** Makes the reader of a table by its key; `fields` are those that rows are read for. */
export function keyedReader(
  definition: TableDefinition,
  fields: readonly string[],
  view: CurrentView,
): KeyedReader {
  const read = fields.map((name) =>
    partField(definition.fields.find((field) => field.name === name) as TableDefinition['fields'][number]),
  )
  const row = new FoundRow(read)
  return {
    find(key) {
      const place = findKey(view(), new BytesKey(key))
      if (place === null) return null
      row.part = place.part
      row.position = place.position
      return row
    },
    range: (bounds) => new MergedCursor(view(), read, bounds),
  }
}

class FoundRow implements KeyedRow {
  part: Part | null = null
  position = 0
  readonly #fields: readonly PartField[]

  constructor(fields: readonly PartField[]) {
    this.#fields = fields
  }

  value(field: number): Value {
    return (this.part as Part).read(this.#fields[field] as PartField, this.position)
  }

  get rowId(): number {
    return (this.part as Part).rowIdAt(this.position)
  }
}

/** Walks the rows of a part that are visible, in the order of keys. */
type PartCursor = {
  readonly part: Part
  position: number
  key: Uint8Array
  readonly advance: () => boolean
}

/** Merges the parts of a table: of one key at most one version is visible, so that no two stand at the same key. */
class MergedCursor implements KeyedCursor {
  readonly #fields: readonly PartField[]
  readonly #sign: number
  #cursors: PartCursor[] = []
  #current: PartCursor | null = null

  constructor(
    view: Pick<TableView, 'parts' | 'commit' | 'hidden'>,
    fields: readonly PartField[],
    bounds: KeyRangeBounds,
  ) {
    this.#fields = fields
    this.#sign = bounds.descending === true ? -1 : 1
    for (const part of view.parts) {
      const cursor = part.rowCount === 0 ? null : openPart(part, view, bounds)
      if (cursor?.advance() === true) this.#cursors.push(cursor)
    }
  }

  next(): boolean {
    if (this.#current !== null && !this.#current.advance()) {
      const ended = this.#current
      this.#cursors = this.#cursors.filter((cursor) => cursor !== ended)
    }
    this.#current = this.#first()
    return this.#current !== null
  }

  #first(): PartCursor | null {
    let first: PartCursor | null = null
    for (const cursor of this.#cursors) {
      if (first === null) first = cursor
      else if (compareKeyBytes(cursor.key, 0, cursor.key.length, first.key) * this.#sign < 0) first = cursor
    }
    return first
  }

  key(): Uint8Array {
    return (this.#current as PartCursor).key
  }

  value(field: number): Value {
    const { part, position } = this.#current as PartCursor
    return part.read(this.#fields[field] as PartField, position)
  }
}

function openPart(
  part: Part,
  view: Pick<TableView, 'commit' | 'hidden'>,
  bounds: KeyRangeBounds,
): PartCursor {
  const { step, keyAt } = walkPart(part, bounds)
  const { commit } = view
  const hidden = view.hidden.get(part)
  const isPast = pastEnd(bounds)
  const cursor: PartCursor = {
    part,
    position: -1,
    key: NO_KEY,
    advance() {
      for (;;) {
        const position = step()
        if (position < 0) return false
        if (!part.isVisible(position, commit) || hidden?.has(position) === true) continue
        cursor.key = keyAt(position)
        cursor.position = position
        return !isPast(cursor.key)
      }
    },
  }
  return cursor
}

const NO_KEY: Uint8Array = new Uint8Array(0)

function pastEnd(bounds: KeyRangeBounds): (key: Uint8Array) => boolean {
  const { lower, upper } = bounds
  if (bounds.descending === true) {
    if (lower === undefined) return () => false
    const least = bounds.lowerOpen === true ? 1 : 0
    return (key) => compareKeyBytes(key, 0, key.length, lower) < least
  }
  if (upper === undefined) return () => false
  const most = bounds.upperOpen === true ? -1 : 0
  return (key) => compareKeyBytes(key, 0, key.length, upper) > most
}

/** Steps through all positions of a part in the order of keys, from where a range begins. */
function walkPart(
  part: Part,
  bounds: KeyRangeBounds,
): { readonly step: () => number; readonly keyAt: (position: number) => Uint8Array } {
  const descending = bounds.descending === true
  const key = descending ? bounds.upper : bounds.lower
  const after = descending ? bounds.upperOpen !== true : bounds.lowerOpen === true
  if (part instanceof Memtable) {
    const step = part.sortedKeys().walk(key === undefined ? null : { key, after }, descending)
    const field = part.key[0] as PartField
    return { step, keyAt: (position) => part.read(field, position) as Uint8Array }
  }
  const keys = part instanceof Segment ? part.keys : null
  assert(keys !== null, 'the key of the table is one field of bytes')
  const { rowCount } = part
  let position = key === undefined ? (descending ? rowCount : 0) : keys.lowerBound(key, after)
  if (descending)
    return {
      step: () => {
        position -= 1
        return position
      },
      keyAt: (at) => keys.keyAt(at),
    }
  position -= 1
  return {
    step: () => {
      position += 1
      return position < rowCount ? position : -1
    },
    keyAt: (at) => keys.keyAt(at),
  }
}
