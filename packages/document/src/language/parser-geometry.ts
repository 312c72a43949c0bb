import { isPlain } from './parser-values.ts'
import type { Document, Geometry, Point, Polygon, Value } from './syntax.ts'

const NOTHING: Geometry = { points: [], lines: [], polygons: [] }

const isNumber = (value: Value): boolean => typeof value === 'number' || typeof value === 'bigint'

/** Reads a point: a list of two numbers, or an object of two; null for anything else. */
export function readPoint(value: Value): Point | null {
  const pair = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : []
  const [x, y] = pair
  if (!isNumber(x) || !isNumber(y) || pair.length < 2) return null
  const point: Point = [Number(x), Number(y)]
  return point.every(Number.isFinite) ? point : null
}

/** Reads GeoJSON, or a point as MongoDB has had it before; null where a value is no place. */
export function readGeometry(value: Value): Geometry | null {
  if (!isPlain(value) || typeof value.type !== 'string') {
    const point = readPoint(value)
    return point === null ? null : { ...NOTHING, points: [point] }
  }
  if (value.type === 'GeometryCollection') return readCollection(value)
  const read = READERS.get(value.type)
  return read?.(value.coordinates) ?? null
}

function readCollection({ geometries }: Document): Geometry | null {
  if (!Array.isArray(geometries)) return null
  const parts = geometries.map(readGeometry)
  if (parts.includes(null)) return null
  return (parts as Geometry[]).reduce(
    (all, part) => ({
      points: [...all.points, ...part.points],
      lines: [...all.lines, ...part.lines],
      polygons: [...all.polygons, ...part.polygons],
    }),
    NOTHING,
  )
}

/** Reads a place on the earth: longitude and latitude in their bounds. */
function earthPoint(value: Value): Point | null {
  const point = Array.isArray(value) ? readPoint(value) : null
  return point !== null && Math.abs(point[0]) <= 180 && Math.abs(point[1]) <= 90 ? point : null
}

function listOf<Item>(value: Value, read: (item: Value) => Item | null, least: number): Item[] | null {
  if (!Array.isArray(value) || value.length < least) return null
  const items = value.map(read)
  return items.includes(null) ? null : (items as Item[])
}

const line = (value: Value): Point[] | null => listOf(value, earthPoint, 2)

function ring(value: Value): Point[] | null {
  const points = listOf(value, earthPoint, 4)
  const [first, last] = [points?.[0], points?.at(-1)]
  return first?.[0] === last?.[0] && first?.[1] === last?.[1] ? points : null
}

const polygon = (value: Value): Polygon | null => listOf(value, ring, 1)

const one = <Item>(item: Item | null): Item[] | null => (item === null ? null : [item])

const made = (part: keyof Geometry, items: readonly unknown[] | null): Geometry | null =>
  items === null ? null : { ...NOTHING, [part]: items }

const READERS: ReadonlyMap<string, (coordinates: Value) => Geometry | null> = new Map([
  ['Point', (value: Value) => made('points', one(earthPoint(value)))],
  ['MultiPoint', (value: Value) => made('points', listOf(value, earthPoint, 1))],
  ['LineString', (value: Value) => made('lines', one(line(value)))],
  ['MultiLineString', (value: Value) => made('lines', listOf(value, line, 1))],
  ['Polygon', (value: Value) => made('polygons', one(polygon(value)))],
  ['MultiPolygon', (value: Value) => made('polygons', listOf(value, polygon, 1))],
])
