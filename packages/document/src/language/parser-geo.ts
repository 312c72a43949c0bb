/** Parses conditions on places. */
import { mongoError } from './errors.ts'
import { readGeometry, readPoint } from './parser-geometry.ts'
import { isPlain, typeWord } from './parser-values.ts'
import type { Document, GeoCondition, Geometry, NearCondition, Point, Polygon, Value } from './syntax.ts'

/** Parses `$geoWithin` and `$geoIntersects`. @throws BadValue */
export function parseRegion(operator: string, value: Value): GeoCondition {
  if (!isPlain(value)) throw mongoError(2, `${operator} takes an object. It got a ${typeWord(value)}.`)
  if (value.$geometry !== undefined) return parseGeometryRegion(operator, value.$geometry)
  if (operator === '$geoIntersects') throw mongoError(2, '$geoIntersects needs a $geometry. Add it.')
  if (value.$box !== undefined) return parseBox(value.$box)
  if (value.$polygon !== undefined) return parsePlanePolygon(value.$polygon)
  if (value.$center !== undefined) return parseCircle('$center', value.$center)
  if (value.$centerSphere !== undefined) return parseCircle('$centerSphere', value.$centerSphere)
  throw mongoError(2, '$geoWithin needs $geometry, $box, $polygon, $center or $centerSphere. Add one.')
}

function requireGeometry(value: Value): Geometry {
  const geometry = isPlain(value) && typeof value.type === 'string' ? readGeometry(value) : null
  if (geometry === null)
    throw mongoError(
      2,
      'A $geometry is GeoJSON: a type, and coordinates as [longitude, latitude]. Correct it.',
    )
  return geometry
}

function parseGeometryRegion(operator: string, value: Value): GeoCondition {
  const geometry = requireGeometry(value)
  if (operator === '$geoIntersects') return { kind: 'intersects', geometry }
  if (geometry.polygons.length === 0)
    throw mongoError(2, '$geoWithin takes a Polygon or a MultiPolygon. Give it one.')
  return { kind: 'within', polygons: geometry.polygons, onEarth: true }
}

function requirePoints(name: string, value: Value, least: number): Point[] {
  const items = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : []
  const points = items.map(readPoint)
  if (points.length < least || points.includes(null))
    throw mongoError(2, `${name} takes a list of at least ${least} points, each [x, y]. Correct it.`)
  return points as Point[]
}

function parseBox(value: Value): GeoCondition {
  const [[x1, y1], [x2, y2]] = requirePoints('$box', value, 2) as [Point, Point]
  const box: Polygon = [
    [
      [x1, y1],
      [x2, y1],
      [x2, y2],
      [x1, y2],
      [x1, y1],
    ],
  ]
  return { kind: 'within', polygons: [box], onEarth: false }
}

function parsePlanePolygon(value: Value): GeoCondition {
  const points = requirePoints('$polygon', value, 3)
  return { kind: 'within', polygons: [[[...points, points[0] as Point]]], onEarth: false }
}

function parseCircle(name: '$center' | '$centerSphere', value: Value): GeoCondition {
  const [center, radius] = Array.isArray(value) ? value : []
  const point = readPoint(center)
  if (point === null || typeof radius !== 'number' || !(radius >= 0))
    throw mongoError(2, `${name} takes a point and a radius that is not negative. Correct it.`)
  return { kind: 'within-circle', center: point, radius, onEarth: name === '$centerSphere' }
}

/** Parses `$near` and `$nearSphere` with the distances beside them. @throws BadValue */
export function parseNear(operator: '$near' | '$nearSphere', operators: Document): NearCondition {
  const value = operators[operator]
  const geometry = isPlain(value) ? value.$geometry : undefined
  const bounds = geometry === undefined ? operators : (value as Document)
  return {
    kind: 'near',
    ...nearPoint(operator, geometry ?? value, operator === '$nearSphere'),
    least: distanceBound('$minDistance', bounds.$minDistance) ?? 0,
    most: distanceBound('$maxDistance', bounds.$maxDistance) ?? Number.POSITIVE_INFINITY,
  }
}

/** Reads the point from which distances are measured, and how: in metres from GeoJSON, else in radians or on a plane. */
export function nearPoint(
  operator: string,
  value: Value,
  spherical: boolean,
): Pick<NearCondition, 'point' | 'measure'> {
  const isGeoJson = isPlain(value) && typeof value.type === 'string'
  const point = isGeoJson ? (readGeometry(value)?.points[0] ?? null) : readPoint(value)
  if (point === null) throw mongoError(2, `${operator} needs a point: GeoJSON, or [x, y]. Give it one.`)
  return { point, measure: isGeoJson ? 'metres' : spherical ? 'radians' : 'plane' }
}

/** Reads a bound of distances; `undefined` where there is none. @throws BadValue */
export function distanceBound(name: string, value: Value): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= 0))
    throw mongoError(2, `${name} is a number that is not negative. Correct it.`)
  return value
}
