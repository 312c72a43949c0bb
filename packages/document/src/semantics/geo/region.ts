import type { Value } from '@sheafdb/core'
import { readGeometry } from '../../language/parser-geometry.ts'
import type { GeoCondition, Geometry, NearCondition, Point } from '../../language/syntax.ts'
import { angleBetween, cornersOf, EARTH_METRES, intersects, isInPolygon, planeDistance } from './geometry.ts'

/** Makes the test of a place by a condition on places. */
export function geoTest(condition: GeoCondition): (value: Value) => boolean {
  const test = geometryTest(condition)
  return (value) => geometriesOf(value).some(test)
}

/** Reads the places that a value holds: itself, or those in a list. */
function geometriesOf(value: Value): Geometry[] {
  const whole = readGeometry(value)
  if (whole !== null) return [whole]
  if (!Array.isArray(value)) return []
  return value.map(readGeometry).filter((geometry) => geometry !== null)
}

function geometryTest(condition: GeoCondition): (geometry: Geometry) => boolean {
  switch (condition.kind) {
    case 'intersects': {
      const { geometry } = condition
      return (other) => intersects(geometry, other)
    }
    case 'within': {
      const { polygons, onEarth } = condition
      return everyCorner((point) => polygons.some((polygon) => isInPolygon(point, polygon, onEarth)))
    }
    case 'within-circle': {
      const { center, radius, onEarth } = condition
      const distance = onEarth ? angleBetween : planeDistance
      return everyCorner((point) => distance(center, point) <= radius)
    }
    case 'near': {
      const { least, most } = condition
      return (geometry) => {
        const distance = distanceTo(condition, geometry)
        return distance !== null && distance >= least && distance <= most
      }
    }
  }
}

function everyCorner(test: (point: Point) => boolean): (geometry: Geometry) => boolean {
  return (geometry) => {
    const corners = cornersOf(geometry)
    return corners.length > 0 && corners.every(test)
  }
}

function distanceTo({ point, measure }: NearCondition, geometry: Geometry): number | null {
  let least: number | null = null
  for (const corner of cornersOf(geometry)) {
    const distance =
      measure === 'plane'
        ? planeDistance(point, corner)
        : angleBetween(point, corner) * (measure === 'metres' ? EARTH_METRES : 1)
    if (least === null || distance < least) least = distance
  }
  if (measure !== 'plane' && geometry.polygons.some((polygon) => isInPolygon(point, polygon, true))) return 0
  return least
}

/** Gives the distance from a point to the nearest place that a value holds; null where it holds none. */
export function distanceOf(condition: NearCondition, value: Value): number | null {
  const distances = geometriesOf(value).map((geometry) => distanceTo(condition, geometry))
  return distances.reduce<number | null>(
    (least, distance) => (distance !== null && (least === null || distance < least) ? distance : least),
    null,
  )
}
