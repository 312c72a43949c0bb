import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseExpression } from '../../language/parser-expression.ts'
import { isPlain } from '../../language/parser-values.ts'
import { type CompileContext, compileExpression, type Scope, scopeOf } from '../expression.ts'
import { compileAccumulator, type GroupField } from '../group.ts'
import { compareSorted } from '../sort.ts'
import { bsonType, compareMongo, type Document, isNumber, sameBracket, setKey } from '../value.ts'
import type { DocumentsToDocuments } from './context.ts'

function constantOf(value: Value, context: CompileContext, code: number, what: string): Value {
  const syntax = parseExpression(value)
  if (!isConstant(value)) throw mongoError(code, `${what} must be constant. Write its value.`)
  return compileExpression(syntax, context)(scopeOf({}))
}

function isConstant(value: Value): boolean {
  if (typeof value === 'string') return !value.startsWith('$')
  if (Array.isArray(value)) return value.every(isConstant)
  return isPlain(value) ? Object.hasOwn(value, '$literal') || Object.values(value).every(isConstant) : true
}

function compileOutputs(
  name: string,
  output: Value,
  context: CompileContext,
): (readonly [string, GroupField])[] {
  const fields = output === undefined ? { count: { $sum: 1 } } : output
  if (!isPlain(fields)) throw mongoError(name === '$bucket' ? 40196 : 40244, `${name}'s output is an object.`)
  return Object.entries(fields).map(([field, accumulator]) => [
    field,
    compileAccumulator(field, accumulator, context),
  ])
}

function isGroupBy(value: Value): boolean {
  return (
    (typeof value === 'string' && value.startsWith('$')) ||
    (isPlain(value) && Object.keys(value)[0]?.startsWith('$') === true)
  )
}

/** Compiles `$bucket`. */
export function compileBucket(argument: Value, context: CompileContext): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(40201, '$bucket takes an object. Give it groupBy and boundaries.')
  for (const key of Object.keys(argument)) {
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(key))
      throw mongoError(40197, `$bucket has no such part. Check its spelling: ${key}`)
  }
  if (argument.groupBy === undefined || argument.boundaries === undefined)
    throw mongoError(40198, '$bucket needs groupBy and boundaries. Add what is missing.')
  if (!isGroupBy(argument.groupBy)) throw mongoError(40202, "$bucket's groupBy is a path or an expression.")
  if (!Array.isArray(argument.boundaries)) throw mongoError(40200, "$bucket's boundaries are an array.")
  const boundaries = argument.boundaries.map((value: Value) =>
    constantOf(value, context, 40191, "$bucket's boundaries"),
  )
  if (boundaries.length < 2) throw mongoError(40192, '$bucket needs two boundaries or more. Add one.')
  boundaries.slice(1).forEach((boundary, index) => {
    if (!sameBracket(boundary, boundaries[index]))
      throw mongoError(40193, "$bucket's boundaries are of one type.")
    if (compareMongo(boundaries[index], boundary) >= 0)
      throw mongoError(40194, "$bucket's boundaries must ascend.")
  })
  const hasDefault = Object.hasOwn(argument, 'default')
  const otherwise = hasDefault ? constantOf(argument.default, context, 40195, "$bucket's default") : undefined
  if (hasDefault && sameBracket(otherwise, boundaries[0])) {
    if (compareMongo(otherwise, boundaries[0]) >= 0 && compareMongo(otherwise, boundaries.at(-1)) < 0)
      throw mongoError(40199, "$bucket's default must lie outside of its boundaries.")
  }
  const groupBy = compileExpression(parseExpression(argument.groupBy), context)
  const outputs = compileOutputs('$bucket', argument.output, context)
  return (documents, variables) => {
    const buckets = new Map<number, Scope[]>()
    for (const document of documents) {
      const scope = scopeOf(document, variables)
      const at = bucketOf(groupBy(scope), boundaries)
      if (at === -1 && !hasDefault)
        throw mongoError(7158303, '$bucket has no bucket for a value. Add a default.')
      const list = buckets.get(at)
      if (list === undefined) buckets.set(at, [scope])
      else list.push(scope)
    }
    return [...buckets]
      .map(([at, scopes]) => bucketDocument(at === -1 ? otherwise : boundaries[at], scopes, outputs))
      .sort((left, right) => compareSorted(left._id, right._id))
  }
}

function bucketOf(value: Value, boundaries: readonly Value[]): number {
  if (
    value === undefined ||
    compareMongo(value, boundaries[0]) < 0 ||
    compareMongo(value, boundaries.at(-1)) >= 0
  )
    return -1
  let at = 0
  while (at + 1 < boundaries.length && compareMongo(value, boundaries[at + 1]) >= 0) at += 1
  return at
}

function bucketDocument(
  id: Value,
  scopes: readonly Scope[],
  outputs: readonly (readonly [string, GroupField])[],
): Document {
  const document: Document = { _id: id }
  for (const [field, compute] of outputs) {
    const value = compute(scopes)
    if (value !== undefined) setKey(document, field, value)
  }
  return document
}

/** Compiles `$bucketAuto`. */
export function compileBucketAuto(argument: Value, context: CompileContext): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(40240, '$bucketAuto takes an object. Give it groupBy and buckets.')
  for (const key of Object.keys(argument)) {
    if (!['groupBy', 'buckets', 'output', 'granularity'].includes(key))
      throw mongoError(40245, `$bucketAuto has no such part. Check its spelling: ${key}`)
  }
  if (argument.groupBy === undefined || argument.buckets === undefined)
    throw mongoError(40246, '$bucketAuto needs groupBy and buckets. Add what is missing.')
  if (!isGroupBy(argument.groupBy))
    throw mongoError(40239, "$bucketAuto's groupBy is a path or an expression.")
  const count = bucketCount(argument.buckets)
  const granularity = granularityOf(argument.granularity)
  const groupBy = compileExpression(parseExpression(argument.groupBy), context)
  const outputs = compileOutputs('$bucketAuto', argument.output, context)
  return (documents, variables) => {
    const rows = documents
      .map((document) => scopeOf(document, variables))
      .map((scope) => ({ scope, by: groupBy(scope) ?? null }))
      .sort((left, right) => compareSorted(left.by, right.by))
    if (granularity !== null) {
      for (const { by } of rows) {
        if (!isNumber(by)) throw mongoError(40258, `A granularity needs numbers. It got a ${bsonType(by)}.`)
        if (Number.isNaN(Number(by))) throw mongoError(40259, 'A granularity needs numbers. It got NaN.')
        if (Number(by) < 0)
          throw mongoError(40260, `A granularity needs numbers that are not negative: ${by}`)
      }
    }
    return splitRows(rows, count, granularity).map(({ min, max, scopes }) =>
      bucketDocument({ min, max }, scopes, outputs),
    )
  }
}

function bucketCount(value: Value): number {
  if (!isNumber(value))
    throw mongoError(40241, `$bucketAuto's buckets is a number. It is a ${bsonType(value)}.`)
  if (!Number.isInteger(Number(value)))
    throw mongoError(40242, `$bucketAuto's buckets is whole. It is ${value}.`)
  if (Number(value) <= 0) throw mongoError(40243, `$bucketAuto's buckets is positive. It is ${value}.`)
  return Number(value)
}

type Row = { readonly scope: Scope; readonly by: Value }
type Bucket = { min: Value; max: Value; readonly scopes: Scope[] }
type Granularity = { readonly up: (value: number) => number; readonly down: (value: number) => number }

function splitRows(rows: readonly Row[], count: number, granularity: Granularity | null): Bucket[] {
  const size = Math.max(1, Math.round(rows.length / count))
  const buckets: Bucket[] = []
  let at = 0
  while (at < rows.length) {
    const last = buckets.length === count - 1
    let end = last ? rows.length : Math.min(at + size, rows.length)
    while (end < rows.length && compareSorted((rows[end] as Row).by, (rows[end - 1] as Row).by) === 0)
      end += 1
    const first = (rows[at] as Row).by
    const bucket: Bucket = { min: first, max: (rows[end - 1] as Row).by, scopes: [] }
    if (granularity !== null) {
      const previous = buckets.at(-1)
      bucket.min = previous === undefined ? granularity.down(Number(first)) : previous.max
      bucket.max = granularity.up(Number(bucket.max))
      while (end < rows.length && Number((rows[end] as Row).by) < Number(bucket.max)) end += 1
    }
    for (const { scope } of rows.slice(at, end)) bucket.scopes.push(scope)
    buckets.push(bucket)
    at = end
  }
  if (granularity === null) {
    buckets.forEach((bucket, index) => {
      const next = buckets[index + 1]
      if (next !== undefined) bucket.max = next.min
    })
  }
  return buckets
}

const SERIES: Readonly<Record<string, readonly number[]>> = {
  R5: [10, 16, 25, 40, 63],
  R10: [100, 125, 160, 200, 250, 315, 400, 500, 630, 800],
  R20: [100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900],
  R40: [
    100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300, 315,
    355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950,
  ],
  R80: [
    103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258, 272, 290, 307, 325,
    345, 365, 387, 412, 437, 462, 487, 515, 545, 575, 615, 650, 690, 730, 775, 825, 875, 925, 975,
  ],
  '1-2-5': [10, 20, 50],
  E6: [10, 15, 22, 33, 47, 68],
  E12: [10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82],
  E24: [10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91],
}

function granularityOf(value: Value): Granularity | null {
  if (value === undefined) return null
  if (typeof value !== 'string')
    throw mongoError(40261, `A granularity is a text. It is a ${bsonType(value)}.`)
  if (value === 'POWERSOF2') {
    return {
      up: (number) => (number === 0 ? 0 : 2 ** (Math.floor(Math.log2(number)) + 1)),
      down: (number) => (number === 0 ? 0 : 2 ** (Math.ceil(Math.log2(number)) - 1)),
    }
  }
  const series = Object.hasOwn(SERIES, value) ? SERIES[value] : undefined
  if (series === undefined)
    throw mongoError(40257, `There is no granularity of this name. Check it: ${value}`)
  return {
    up: (number) => (number === 0 ? 0 : neighbour(series, number, 1)),
    down: (number) => (number === 0 ? 0 : neighbour(series, number, -1)),
  }
}

/** Finds the number of a preferred series just above or just below a number. */
function neighbour(series: readonly number[], number: number, sign: 1 | -1): number {
  const low = Math.floor(Math.log10(number)) - 4
  let below = 0
  for (let exponent = low; exponent < low + 9; exponent += 1) {
    for (const step of series) {
      const value = exponent < 0 ? step / 10 ** -exponent : step * 10 ** exponent
      if (sign === 1 && value > number) return value
      if (sign === -1 && value >= number) return below
      below = value
    }
  }
  return below
}
