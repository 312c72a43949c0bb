import { registerVariantExtension, type Value } from '@sheafdb/core'
import { runtimeArgumentError, runtimeTypeError } from '../functions/errors.ts'
import { defineValueKey } from '../temporal/value-key.ts'
import { isMap, isNumeric } from '../values.ts'

/** Names the coordinate reference systems by the ids that the field knows them by. */
const SYSTEMS: ReadonlyMap<number, { readonly name: string; readonly size: 2 | 3 }> = new Map([
  [7203, { name: 'cartesian', size: 2 }],
  [9157, { name: 'cartesian-3d', size: 3 }],
  [4326, { name: 'wgs-84', size: 2 }],
  [4979, { name: 'wgs-84-3d', size: 3 }],
])

/** Metres; the sphere that distances on the earth are measured on. */
const EARTH_RADIUS = 6_378_140

/** Is a point in two or three dimensions: on a plane, or on the earth as longitude, latitude and height in metres. */
export class PointValue {
  readonly srid: number
  readonly coordinates: readonly number[]

  constructor(srid: number, coordinates: readonly number[]) {
    this.srid = srid
    this.coordinates = coordinates
  }

  get crs(): string {
    return SYSTEMS.get(this.srid)?.name ?? ''
  }

  get isGeographic(): boolean {
    return this.srid === 4326 || this.srid === 4979
  }

  /** Reads a component as openCypher names it; `null` for one that there is not. */
  field(name: string): Value {
    const [x, y, z] = this.coordinates
    switch (name) {
      case 'x':
        return x ?? null
      case 'y':
        return y ?? null
      case 'z':
        return z ?? null
      case 'longitude':
        return this.isGeographic ? (x ?? null) : null
      case 'latitude':
        return this.isGeographic ? (y ?? null) : null
      case 'height':
        return this.isGeographic ? (z ?? null) : null
      case 'crs':
        return this.crs
      case 'srid':
        return this.srid
      default:
        return null
    }
  }

  equals(other: Value): boolean {
    return (
      other instanceof PointValue &&
      this.srid === other.srid &&
      this.coordinates.every((coordinate, at) => coordinate === other.coordinates[at])
    )
  }

  /** Points have no order: `<` between them is unknown. */
  compare(): null {
    return null
  }

  toString(): string {
    const names = this.isGeographic ? ['longitude', 'latitude', 'height'] : ['x', 'y', 'z']
    const parts = this.coordinates.map((coordinate, at) => `${names[at]}: ${coordinate}`)
    return `point({srid: ${this.srid}, ${parts.join(', ')}})`
  }
}

defineValueKey(PointValue.prototype, (point: PointValue) => ['point', point.srid, ...point.coordinates])

/** Makes a point of a map of its coordinates. @throws `ARGUMENT`, `TYPE` */
export function makePoint(value: Value): Value {
  if (!isMap(value)) throw runtimeTypeError('A point is made of a map, such as {x: 1, y: 2}.', value)
  const given = Object.values(value)
  if (given.some((item) => item === null || item === undefined)) return null
  const onEarth = ['longitude', 'latitude', 'height'].some((name) => Object.hasOwn(value, name))
  const read = (...names: readonly string[]): number | undefined => {
    const name = names.find((candidate) => Object.hasOwn(value, candidate))
    if (name === undefined) return undefined
    const coordinate = value[name] ?? null
    if (!isNumeric(coordinate))
      throw runtimeTypeError(`The coordinate ${name} of a point is a number.`, coordinate)
    if (!Number.isFinite(Number(coordinate))) throw wrong('Coordinates are finite', name)
    return Number(coordinate)
  }
  const [x, y, z] = [read('x', 'longitude'), read('y', 'latitude'), read('z', 'height')]
  if (x === undefined || y === undefined)
    throw wrong('A point needs x and y, or longitude and latitude', String(Object.keys(value)))
  const srid = systemOf(value, onEarth, z !== undefined)
  const { size } = SYSTEMS.get(srid) as { size: 2 | 3 }
  if (size === 3 && z === undefined)
    throw wrong('The reference system of the point needs a third coordinate', String(srid))
  const isGeographic = srid === 4326 || srid === 4979
  if (isGeographic && Math.abs(y) > 90) throw wrong('A latitude lies between -90 and 90', String(y))
  const longitude = isGeographic && Math.abs(x) > 180 ? wrapped(x) : x
  return new PointValue(srid, size === 3 ? [longitude, y, z as number] : [longitude, y])
}

function wrapped(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180
}

function systemOf(value: Readonly<Record<string, Value>>, onEarth: boolean, hasThird: boolean): number {
  const { srid, crs } = value
  if (srid !== undefined) {
    if (isNumeric(srid) && SYSTEMS.has(Number(srid))) return Number(srid)
    throw wrong(
      `There is no reference system of this id, but ${[...SYSTEMS.keys()].join(', ')}`,
      String(srid),
    )
  }
  if (crs !== undefined) {
    for (const [id, { name }] of SYSTEMS) if (name === String(crs).toLowerCase()) return id
    throw wrong(
      `There is no reference system of this name, but ${[...SYSTEMS.values()].map(({ name }) => name).join(', ')}`,
      String(crs),
    )
  }
  if (onEarth) return hasThird ? 4979 : 4326
  return hasThird ? 9157 : 7203
}

function wrong(what: string, value: string): Error {
  return runtimeArgumentError(`${what}: ${value}`, 'InvalidArgumentValue')
}

/** Gives how far two points are apart: in metres on the earth; `null` between different systems. */
export function distance(left: Value, right: Value): Value {
  if (!(left instanceof PointValue) || !(right instanceof PointValue) || left.srid !== right.srid) return null
  if (!left.isGeographic)
    return Math.hypot(...left.coordinates.map((value, at) => value - (right.coordinates[at] as number)))
  const [x1, y1, z1 = 0] = left.coordinates as [number, number, number?]
  const [x2, y2, z2 = 0] = right.coordinates as [number, number, number?]
  const radians = Math.PI / 180
  const half =
    Math.sin(((y2 - y1) * radians) / 2) ** 2 +
    Math.cos(y1 * radians) * Math.cos(y2 * radians) * Math.sin(((x2 - x1) * radians) / 2) ** 2
  const along = 2 * (EARTH_RADIUS + (z1 + z2) / 2) * Math.asin(Math.sqrt(Math.min(1, half)))
  return Math.hypot(along, z2 - z1)
}

/** Tells whether a point lies in the box between two corners, its edges included; unknown between different systems. */
export function withinBox(point: Value, low: Value, high: Value): Value {
  if (!(point instanceof PointValue) || !(low instanceof PointValue) || !(high instanceof PointValue))
    return null
  if (point.srid !== low.srid || point.srid !== high.srid) return null
  return point.coordinates.every((value, at) => {
    const [from, to] = [low.coordinates[at] as number, high.coordinates[at] as number]
    // A box on the earth may go over the line where longitudes begin anew.
    if (at === 0 && point.isGeographic && from > to) return value >= from || value <= to
    return value >= from && value <= to
  })
}

let registered = false

/**
 * Makes points storable as properties.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | id of the reference system, unsigned, little-endian |
 * | 4 | 8 each | two or three coordinates, float64, little-endian |
 */
export function registerPointStorage(): void {
  if (registered) return
  registered = true
  registerVariantExtension({
    kind: 'point',
    encode: (value: object) => {
      const { srid, coordinates } = value as PointValue
      const bytes = Buffer.alloc(4 + 8 * coordinates.length)
      bytes.writeUInt32LE(srid, 0)
      coordinates.forEach((coordinate, at) => void bytes.writeDoubleLE(coordinate, 4 + 8 * at))
      return bytes
    },
    decode: (bytes) => {
      const buffer = Buffer.from(bytes)
      const count = (buffer.length - 4) / 8
      const coordinates = Array.from({ length: count }, (_, at) => buffer.readDoubleLE(4 + 8 * at))
      return new PointValue(buffer.readUInt32LE(0), coordinates)
    },
  })
}
