/** Builds the pair of `value` and `typed_value` of a path, of those below it, and of the elements of lists. */
import { Binary, type DataType, Dictionary, Field, Int32, List, Struct } from 'apache-arrow'
import type { Column, StructColumn } from '../column.ts'
import type { Value } from '../value.ts'
import { keysOf, valuesOf } from './encode.ts'
import type { ShredLayout } from './infer.ts'
import { kindOf, ValueKind } from './kind.ts'
import type { KeyDictionary } from './metadata.ts'
import { ResidualSink } from './residual-sink.ts'
import { scalarSink } from './scalar-sinks.ts'
import { type ColumnSink, Marks } from './sink.ts'

/** Builds the pair of `value` and `typed_value` of one path. */
export class GroupBuilder {
  readonly #typed: ColumnSink | null
  readonly #objects: ObjectSink | null
  readonly #residual: ResidualSink
  readonly #depth: number

  constructor(layout: ShredLayout, capacity: number, keys: KeyDictionary, depth: number) {
    this.#depth = depth
    this.#residual = new ResidualSink(keys)
    this.#objects = layout.typed === 'object' ? new ObjectSink(layout, capacity, keys, depth) : null
    this.#typed = this.#objects ?? listSink(layout, keys, depth) ?? scalarSink(layout, capacity)
  }

  set(row: number, value: Value): void {
    if (this.#objects !== null) {
      this.#setObject(this.#objects, row, value)
    } else if (this.#typed === null || !this.#typed.set(row, value)) {
      this.#residual.set(row, value, this.#depth)
    }
  }

  #setObject(objects: ObjectSink, row: number, value: Value): void {
    if (!objects.set(row, value)) this.#residual.set(row, value, this.#depth)
    else if (objects.restKeys.length > 0) this.#residual.setObject(row, objects, this.#depth)
  }

  build(length: number): StructColumn {
    const fields: Field[] = []
    const children: Column[] = []
    const typed = this.#typed
    if (this.#residual.used || typed === null || !typed.used) {
      fields.push(new Field('value', new Binary(), true))
      children.push(this.#residual.build(length))
    }
    if (typed?.used) {
      const column = typed.build(length)
      fields.push(new Field('typed_value', storedType(column), true))
      children.push(column)
    }
    return { layout: 'struct', type: new Struct(fields), length, validity: null, children }
  }
}

function storedType(column: Column): DataType {
  return column.layout === 'dictionary'
    ? (new Dictionary(column.type, new Int32(), null, false) as unknown as DataType)
    : column.type
}

function listSink(layout: ShredLayout, keys: KeyDictionary, depth: number): ListSink | null {
  return layout.typed === 'array' ? new ListSink(layout.element as ShredLayout, keys, depth) : null
}

/** Builds the struct of an object's fields. After `set`, what starts with `rest` tells of the keys without a column. */
class ObjectSink implements ColumnSink {
  readonly #names: readonly string[]
  readonly #positions = new Map<string, number>()
  readonly #fields: readonly GroupBuilder[]
  readonly #marks: Marks
  /** For each key of the object at hand the position of its column, -1 where it has none. */
  #places = new Int32Array(64)
  restKeys: string[] = []
  restValues: Value[] = []
  /** For each rest key the position of the first column that comes after it; `null` where all rest keys come last. */
  restPlaces: number[] | null = null

  constructor(layout: ShredLayout, capacity: number, keys: KeyDictionary, depth: number) {
    this.#names = [...layout.fields.keys()]
    this.#names.forEach((name, index) => {
      this.#positions.set(name, index)
    })
    this.#fields = [...layout.fields.values()].map(
      (field) => new GroupBuilder(field, capacity, keys, depth + 1),
    )
    this.#marks = new Marks(capacity)
  }

  get used(): boolean {
    return this.#marks.count > 0
  }

  set(row: number, value: Value): boolean {
    if (kindOf(value) !== ValueKind.object) return false
    const object = value as object
    const keys = keysOf(object)
    const known = this.#place(keys)
    if (known === -1) return false
    const fields = this.#fields
    const isMap = object instanceof Map
    for (let index = 0; index < keys.length; index += 1) {
      const position = this.#places[index] as number
      if (position === -1) continue
      const key = keys[index] as string
      const item = isMap ? object.get(key) : (object as Record<string, Value>)[key]
      ;(fields[position] as GroupBuilder).set(row, item)
    }
    this.#keepRest(object, keys, known)
    this.#marks.mark(row)
    return true
  }

  /** Finds the columns of keys; gives how many have one, -1 where they are not in the columns' order. */
  #place(keys: readonly string[]): number {
    if (this.#places.length < keys.length) this.#places = new Int32Array(keys.length * 2)
    const names = this.#names
    let last = -1
    let known = 0
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string
      const position = names[last + 1] === key ? last + 1 : (this.#positions.get(key) ?? -1)
      this.#places[index] = position
      if (position === -1) continue
      if (position < last) return -1
      last = position
      known += 1
    }
    return known
  }

  #keepRest(object: object, keys: readonly string[], known: number): void {
    this.restPlaces = null
    if (known === keys.length) {
      if (this.restKeys.length > 0) this.restKeys = []
      return
    }
    this.restKeys = keys.filter((_, index) => this.#places[index] === -1)
    this.restValues = [...valuesOf(object, this.restKeys)]
    const places: number[] = []
    let next = 0
    for (let index = 0; index < keys.length; index += 1) {
      const position = this.#places[index] as number
      if (position === -1) places.push(next)
      else next = position + 1
    }
    if (places[0] !== next) this.restPlaces = places
  }

  build(length: number): StructColumn {
    const children = this.#fields.map((field) => field.build(length))
    const type = new Struct(
      children.map((child, index) => new Field(this.#names[index] as string, child.type, false)),
    )
    return { layout: 'struct', type, length, validity: this.#marks.build(length), children }
  }
}

/** Builds a list of groups. Elements are kept until the end, when their count is known. */
class ListSink implements ColumnSink {
  readonly #element: ShredLayout
  readonly #keys: KeyDictionary
  readonly #depth: number
  readonly #rows: number[] = []
  readonly #lists: ArrayLike<Value>[] = []
  #elementCount = 0

  constructor(element: ShredLayout, keys: KeyDictionary, depth: number) {
    this.#element = element
    this.#keys = keys
    this.#depth = depth
  }

  get used(): boolean {
    return this.#rows.length > 0
  }

  set(row: number, value: Value): boolean {
    if (kindOf(value) !== ValueKind.array) return false
    const list = value as ArrayLike<Value>
    this.#rows.push(row)
    this.#lists.push(list)
    this.#elementCount += list.length
    return true
  }

  build(length: number): Column {
    const offsets = new Int32Array(length + 1)
    const marks = new Marks(length)
    const group = new GroupBuilder(this.#element, this.#elementCount, this.#keys, this.#depth + 1)
    let next = 0
    let at = 0
    for (let row = 0; row < length; row += 1) {
      if (this.#rows[next] === row) {
        const list = this.#lists[next] as ArrayLike<Value>
        for (let index = 0; index < list.length; index += 1) group.set(at + index, list[index])
        at += list.length
        marks.mark(row)
        next += 1
      }
      offsets[row + 1] = at
    }
    const child = group.build(at)
    const type = new List(new Field('element', child.type, false))
    return { layout: 'list', type, length, validity: marks.build(length), offsets, child }
  }
}
