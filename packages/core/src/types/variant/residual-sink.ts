import { Binary } from 'apache-arrow'
import type { BytesColumn } from '../column.ts'
import type { Value } from '../value.ts'
import { VariantWriter } from './encode.ts'
import type { KeyDictionary } from './metadata.ts'
import { Marks } from './sink.ts'

/** Is the keys of an object that have no column, with their values and places. */
export type RestOfObject = {
  readonly restKeys: readonly string[]
  readonly restValues: readonly Value[]
  readonly restPlaces: readonly number[] | null
}

/** Collects encoded values. */
export class ResidualSink {
  readonly #writer: VariantWriter
  readonly #rows: number[] = []
  readonly #ends: number[] = []

  constructor(keys: KeyDictionary) {
    this.#writer = new VariantWriter(keys, 64)
  }

  get used(): boolean {
    return this.#rows.length > 0
  }

  set(row: number, value: Value, depth: number): void {
    this.#writer.write(value, depth)
    this.#add(row)
  }

  setObject(row: number, { restKeys, restValues, restPlaces }: RestOfObject, depth: number): void {
    this.#writer.writeObject(restKeys, restValues, { depth, places: restPlaces })
    this.#add(row)
  }

  #add(row: number): void {
    this.#rows.push(row)
    this.#ends.push(this.#writer.size)
  }

  build(length: number): BytesColumn {
    const offsets = new Int32Array(length + 1)
    const marks = new Marks(length)
    let next = 0
    let end = 0
    for (let row = 0; row < length; row += 1) {
      if (this.#rows[next] === row) {
        end = this.#ends[next] as number
        marks.mark(row)
        next += 1
      }
      offsets[row + 1] = end
    }
    const data = this.#writer.take()
    return { layout: 'bytes', type: new Binary(), length, validity: marks.build(length), offsets, data }
  }
}
