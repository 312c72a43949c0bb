/** Computes with places on the earth, in degrees as [longitude, latitude], and on a plane. */
import type { Geometry, Point, Polygon, Ring } from '../../language/syntax.ts'

/** Is the radius of the earth in metres, as MongoDB has it. */
export const EARTH_METRES = 6_378_100

const RADIANS = Math.PI / 180

/** Gives the angle between two places on the earth, in radians. */
export function angleBetween([x1, y1]: Point, [x2, y2]: Point): number {
  const sine = Math.sin(((y2 - y1) * RADIANS) / 2)
  const other = Math.sin(((x2 - x1) * RADIANS) / 2)
  const half = sine * sine + Math.cos(y1 * RADIANS) * Math.cos(y2 * RADIANS) * other * other
  return 2 * Math.asin(Math.min(1, Math.sqrt(half)))
}

/** Gives the distance of two points on a plane. */
export function planeDistance([x1, y1]: Point, [x2, y2]: Point): number {
  return Math.hypot(x2 - x1, y2 - y1)
}

/** Tells whether a point lies in a polygon, its border included. Lines are great circles on the earth, else straight. */
export function isInPolygon(point: Point, [outer = [], ...holes]: Polygon, onEarth: boolean): boolean {
  return isInRing(point, outer, onEarth) && !holes.some((hole) => isInside(point, hole, onEarth))
}

function isInRing(point: Point, ring: Ring, onEarth: boolean): boolean {
  return isOnBorder(point, ring) || isInside(point, ring, onEarth)
}

function isInside(point: Point, ring: Ring, onEarth: boolean): boolean {
  const seen = onEarth ? seenFrom(point, ring) : null
  return seen === null ? crossesOddly(point, ring) : crossesOddly([0, 0], seen)
}

/**
 * Projects a ring onto the plane that touches the earth at a point, where great circles are straight lines; null where
 * part of it is more than a quarter round the earth away.
 */
function seenFrom([lon, lat]: Point, ring: Ring): Point[] | null {
  const [sin, cos] = [Math.sin(lat * RADIANS), Math.cos(lat * RADIANS)]
  const seen: Point[] = []
  for (const [x, y] of ring) {
    const [ySin, yCos, turn] = [Math.sin(y * RADIANS), Math.cos(y * RADIANS), (x - lon) * RADIANS]
    const depth = sin * ySin + cos * yCos * Math.cos(turn)
    if (depth <= 0) return null
    seen.push([(yCos * Math.sin(turn)) / depth, (cos * ySin - sin * yCos * Math.cos(turn)) / depth])
  }
  return seen
}

/** Counts the borders that a ray from the point crosses. */
function crossesOddly([x, y]: Point, ring: readonly Point[]): boolean {
  let odd = false
  for (let at = 0; at < ring.length; at += 1) {
    const [x1, y1] = ring[at] as Point
    const [x2, y2] = ring[(at + 1) % ring.length] as Point
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd
  }
  return odd
}

function isOnBorder(point: Point, ring: Ring): boolean {
  return segmentsOf(ring).some(([from, to]) => side(from, to, point) === 0 && isBetween(point, from, to))
}

type Segment = readonly [from: Point, to: Point]

function segmentsOf(line: readonly Point[]): Segment[] {
  return line.slice(1).map((to, at) => [line[at] as Point, to] as const)
}

/** Tells on which side of a line a point lies: the sign of twice the area of the triangle. */
function side([x1, y1]: Point, [x2, y2]: Point, [x, y]: Point): number {
  return Math.sign((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1))
}

function isBetween([x, y]: Point, [x1, y1]: Point, [x2, y2]: Point): boolean {
  return x >= Math.min(x1, x2) && x <= Math.max(x1, x2) && y >= Math.min(y1, y2) && y <= Math.max(y1, y2)
}

function segmentsMeet([a, b]: Segment, [c, d]: Segment): boolean {
  const [s1, s2, s3, s4] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)]
  if (s1 !== s2 && s3 !== s4) return true
  return (
    (s1 === 0 && isBetween(c, a, b)) ||
    (s2 === 0 && isBetween(d, a, b)) ||
    (s3 === 0 && isBetween(a, c, d)) ||
    (s4 === 0 && isBetween(b, c, d))
  )
}

/** Gives all points that a geometry is made of. */
export function cornersOf({ points, lines, polygons }: Geometry): readonly Point[] {
  return [...points, ...lines.flat(), ...polygons.flat(2)]
}

function bordersOf({ lines, polygons }: Geometry): Segment[] {
  return [...lines, ...polygons.flat()].flatMap(segmentsOf)
}

/** Tells whether two geometries share a point. */
export function intersects(left: Geometry, right: Geometry): boolean {
  const holds = (outer: Geometry, inner: Geometry): boolean =>
    cornersOf(inner).some((corner) => outer.polygons.some((polygon) => isInPolygon(corner, polygon, true)))
  if (holds(left, right) || holds(right, left)) return true
  const [own, other] = [bordersOf(left), bordersOf(right)]
  const touches = (points: readonly Point[], borders: readonly Segment[]): boolean =>
    points.some((point) =>
      borders.some(([from, to]) => side(from, to, point) === 0 && isBetween(point, from, to)),
    )
  if (touches(left.points, other) || touches(right.points, own)) return true
  if (left.points.some(([x, y]) => right.points.some(([x2, y2]) => x === x2 && y === y2))) return true
  return own.some((segment) => other.some((another) => segmentsMeet(segment, another)))
}
