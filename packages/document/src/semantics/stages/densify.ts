import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseExpression, parsePath } from '../../language/parser-expression.ts'
import { isPlain } from '../../language/parser-values.ts'
import { UTC } from '../date/timezone.ts'
import { addUnits, unitOf } from '../date/units.ts'
import { type CompileContext, compileExpression, scopeOf } from '../expression.ts'
import { addNumbers } from '../operators/number.ts'
import { readPath } from '../path.ts'
import { parseSort, sortDocuments, sortValue } from '../sort.ts'
import { compareMongo, type Document, isNullish, isNumber, keyOf } from '../value.ts'
import { setPath } from './add-fields.ts'
import type { DocumentsToDocuments } from './context.ts'
import { interpolate } from './window.ts'

/** Compiles `$densify`: adds documents where the values of a field leave gaps. */
export function compileDensify(argument: Value): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(5733201, '$densify takes an object. Give it a field and a range.')
  const { field, range, partitionByFields = [] } = argument
  if (typeof field !== 'string') throw mongoError(40414, '$densify needs a field. Add it.')
  if (!isPlain(range)) throw mongoError(40414, '$densify needs a range. Add it.')
  if (!isNumber(range.step) || Number(range.step) <= 0)
    throw mongoError(5733401, "$densify's step is positive.")
  const step = range.step
  const unit = range.unit === undefined ? null : unitOf(range.unit, 14)
  const { bounds } = range
  if (bounds !== 'full' && bounds !== 'partition' && !(Array.isArray(bounds) && bounds.length === 2))
    throw mongoError(5733402, "$densify's bounds are 'full', 'partition' or an array of two.")
  if (!Array.isArray(partitionByFields)) throw mongoError(14, "$densify's partitionByFields is an array.")
  const path = parsePath(field)
  const next = (value: Value): Value =>
    value instanceof Date
      ? addUnits(value, unit ?? 'millisecond', Number(step), UTC)
      : addNumbers(value as number, step)
  return (documents) => {
    const known = documents.filter((document) => !isNullish(readPath(document, path)))
    const all = known.map((document) => readPath(document, path)).sort(compareMongo)
    const partitions = partition(known, (partitionByFields as string[]).map(parsePath))
    const rest = documents.filter((document) => isNullish(readPath(document, path)))
    return [
      ...rest,
      ...partitions.flatMap((list) => {
        const sorted = sortDocuments(list, [{ path, descending: false }])
        const values = sorted.map((document) => readPath(document, path))
        const [low, high] =
          bounds === 'full'
            ? [all[0], all.at(-1)]
            : bounds === 'partition'
              ? [values[0], values.at(-1)]
              : (bounds as [Value, Value])
        const template = (partitionByFields as string[]).reduce<Document>(
          (made, name) => setPath(made, parsePath(name), 0, readPath(sorted[0], parsePath(name))) as Document,
          {},
        )
        return densify(sorted, { path, low, high, next, template, closed: !Array.isArray(bounds) })
      }),
    ]
  }
}

type Range = {
  readonly path: readonly string[]
  readonly low: Value
  readonly high: Value
  readonly next: (value: Value) => Value
  readonly template: Document
  readonly closed: boolean
}

const MOST_DOCUMENTS = 500_000

function densify(
  sorted: readonly Document[],
  { path, low, high, next, template, closed }: Range,
): Document[] {
  const made: Document[] = []
  let at = 0
  let count = 0
  for (let value = low; compareMongo(value, high) < (closed ? 1 : 0); value = next(value)) {
    count += 1
    if (count > MOST_DOCUMENTS)
      throw mongoError(5897900, '$densify would make too many documents. Use a larger step.')
    while (at < sorted.length && compareMongo(readPath(sorted[at], path), value) < 0)
      made.push(sorted[at++] as Document)
    if (at < sorted.length && compareMongo(readPath(sorted[at], path), value) === 0) continue
    made.push(setPath(template, path, 0, value) as Document)
  }
  return [...made, ...sorted.slice(at)]
}

function partition(documents: readonly Document[], paths: readonly (readonly string[])[]): Document[][] {
  const partitions = new Map<Value, Document[]>()
  for (const document of documents) {
    const key = keyOf(paths.map((path) => readPath(document, path) ?? null))
    const list = partitions.get(key)
    if (list === undefined) partitions.set(key, [document])
    else list.push(document)
  }
  return [...partitions.values()]
}

/** Compiles `$fill`: gives fields that are null or missing a value. */
export function compileFill(argument: Value, context: CompileContext): DocumentsToDocuments {
  if (!isPlain(argument) || !isPlain(argument.output))
    throw mongoError(40414, '$fill needs an output. Add it.')
  if (argument.partitionBy !== undefined && argument.partitionByFields !== undefined)
    throw mongoError(6050204, '$fill takes partitionBy or partitionByFields, not both.')
  const sortBy = argument.sortBy === undefined ? [] : parseSort(argument.sortBy)
  const outputs = Object.entries(argument.output).map(([name, how]) => {
    if (!isPlain(how)) throw mongoError(6050200, '$fill takes a value or a method for each field.')
    if (how.method !== undefined && how.method !== 'linear' && how.method !== 'locf')
      throw mongoError(6050202, "$fill's method is 'linear' or 'locf'.")
    if (how.method !== undefined && sortBy.length === 0)
      throw mongoError(6050203, '$fill needs a sortBy for a method.')
    const value = how.method === undefined ? compileExpression(parseExpression(how.value), context) : null
    return { path: parsePath(name), method: how.method as string | undefined, value }
  })
  const by =
    argument.partitionBy !== undefined
      ? compileExpression(parseExpression(argument.partitionBy), context)
      : null
  const paths = ((argument.partitionByFields ?? []) as string[]).map(parsePath)
  return (documents, variables) => {
    const partitions =
      by === null
        ? partition(documents, paths)
        : [...Map.groupBy(documents, (document) => keyOf(by(scopeOf(document, variables)) ?? null)).values()]
    return partitions.flatMap((list) => {
      let rows: Document[] = sortBy.length === 0 ? [...list] : sortDocuments(list, sortBy)
      for (const { path, method, value } of outputs) {
        const values = rows.map((row) => readPath(row, path))
        const places = rows.map((row) =>
          placeOf(sortBy.length === 0 ? 0 : sortValue(row, sortBy[0] as never)),
        )
        let last: Value = null
        rows = rows.map((row, index) => {
          const own = values[index]
          if (!isNullish(own)) {
            last = own
            return row
          }
          const filled =
            value !== null
              ? value(scopeOf(row, variables))
              : method === 'locf'
                ? last
                : interpolate(values, places, index)
          return setPath(row, path, 0, filled) as Document
        })
      }
      return rows
    })
  }
}

function placeOf(value: Value): number {
  return value instanceof Date ? value.getTime() : Number(value)
}
