import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parsePath } from '../../language/parser-expression.ts'
import { parseFilter } from '../../language/parser-filter.ts'
import { distanceBound, nearPoint } from '../../language/parser-geo.ts'
import { isPlain, typeWord } from '../../language/parser-values.ts'
import type { NearCondition } from '../../language/syntax.ts'
import { distanceOf } from '../geo/region.ts'
import { compileFilter } from '../match.ts'
import { matchSupport } from '../match-support.ts'
import { readPath } from '../path.ts'
import type { Document } from '../value.ts'
import { setPath } from './add-fields.ts'
import type { DocumentsToDocuments, PipelineContext } from './context.ts'

const PARTS: ReadonlySet<string> = new Set([
  'near',
  'distanceField',
  'spherical',
  'maxDistance',
  'minDistance',
  'query',
  'distanceMultiplier',
  'includeLocs',
  'key',
])

/** Compiles `$geoNear`: documents by their distance from a point, which each is given. */
export function compileGeoNear(argument: Value, { context }: PipelineContext): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(10065, `$geoNear takes an object. It got a ${typeWord(argument)}.`)
  for (const part of Object.keys(argument))
    if (!PARTS.has(part)) throw mongoError(40415, `$geoNear has no such part. Check its spelling: ${part}`)
  const { key, distanceField, includeLocs, distanceMultiplier = 1, query = {} } = argument
  if (argument.near === undefined) throw mongoError(40414, '$geoNear needs a near. Add a point.')
  if (typeof key !== 'string') throw mongoError(5, '$geoNear needs a key: the name of the field with places.')
  if (distanceField !== undefined && typeof distanceField !== 'string')
    throw mongoError(14, "$geoNear's distanceField is a name. Give it a text.")
  if (typeof distanceMultiplier !== 'number')
    throw mongoError(14, "$geoNear's distanceMultiplier is a number. Give it one.")
  const condition: NearCondition = {
    kind: 'near',
    ...nearPoint('$geoNear', argument.near, argument.spherical === true),
    least: distanceBound('minDistance', argument.minDistance) ?? 0,
    most: distanceBound('maxDistance', argument.maxDistance) ?? Number.POSITIVE_INFINITY,
  }
  const path = parsePath(key)
  const filter = parseFilter(query)
  const target = distanceField === undefined ? null : parsePath(distanceField)
  const place = typeof includeLocs === 'string' ? parsePath(includeLocs) : null
  return (documents, variables) => {
    const matches = compileFilter(filter, matchSupport(context, variables))
    const found: { readonly document: Document; readonly distance: number }[] = []
    for (const document of documents) {
      const distance = distanceOf(condition, readPath(document, path))
      if (distance === null || distance < condition.least || distance > condition.most) continue
      if (matches(document)) found.push({ document, distance })
    }
    found.sort((left, right) => left.distance - right.distance)
    return found.map(({ document, distance }) => {
      const near = place === null ? document : setPath(document, place, 0, readPath(document, path))
      return (target === null ? near : setPath(near, target, 0, distance * distanceMultiplier)) as Document
    })
  }
}
