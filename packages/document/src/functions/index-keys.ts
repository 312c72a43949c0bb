/** Says how filters of documents and indexes on their paths go together. */
import {
  call,
  column,
  type Expression,
  type FunctionDefinition,
  literal,
  types,
  type Value,
} from '@sheafdb/core'
import { EJSON } from 'bson'
import { parseFilter } from '../language/parser-filter.ts'
import type { Condition, Filter } from '../language/syntax.ts'
import { type Cover, INDEX_COVERS, INDEX_KEYS } from '../layout/table.ts'
import { compileContext } from '../semantics/expression.ts'
import { compileFilter } from '../semantics/match.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { expandPath } from '../semantics/path.ts'
import { isDocument } from '../semantics/value.ts'
import type { MatchCall, TestCall } from './calls.ts'

/** Is the key of an array of no elements, which is another than null. */
const EMPTY: Value = Object.freeze([])

/** Lists the keys of a document in an index on a path: the elements of an array one by one, null for what is missing. */
export const indexKeys: FunctionDefinition = {
  name: INDEX_KEYS,
  nulls: 'custom',
  nullable: () => false,
  type: () => types.variant,
  lists: ['document.path'],
  evaluator:
    () =>
    (document: Value, ...path: Value[]) => {
      const keys = isDocument(document) ? expandPath(document, path as string[], EMPTY) : []
      return keys.length === 0 ? [null] : keys.map((key) => key ?? null)
    },
}

const covers = new Map<string, (document: Value) => boolean>()
const MOST_COVERS = 1000

/** Tells whether a sparse or partial index covers a document: `document.covers(document, cover as JSON)`. */
export const indexCovers: FunctionDefinition = {
  name: INDEX_COVERS,
  nulls: 'custom',
  nullable: () => false,
  type: () => types.bool,
  evaluator: () => (document: Value, cover: Value) => {
    const text = cover as string
    let test = covers.get(text)
    if (test === undefined) {
      if (covers.size >= MOST_COVERS) covers.clear()
      test = compileCover(JSON.parse(text) as Cover)
      covers.set(text, test)
    }
    return test(document)
  },
}

function compileCover({ partial, sparse, paths }: Cover): (document: Value) => boolean {
  const filter = partial === null ? null : parseFilter(EJSON.parse(partial, { relaxed: true }))
  const matches = filter === null ? () => true : compileFilter(filter, matchSupport(compileContext()))
  const keys = paths.map((path) => path.split('.'))
  const hasKey = (document: Value): boolean =>
    keys.some((path) => expandPath(document, path).some((value) => value !== undefined))
  return (document) => matches(document) && (!sparse || hasKey(document))
}

/** Lists what holds of the keys on a path where a condition does: only equalities, since a range may be met by two. */
function impliedBy(path: Expression, condition: Condition): Expression[] {
  if (condition.kind === 'eq')
    return isKey(condition.value) ? [call('eq', path, literal(condition.value, types.variant))] : []
  if (condition.kind !== 'in' || condition.patterns.length > 0 || !condition.values.every(isKey)) return []
  return [call('in', path, literal([...condition.values], types.variant))]
}

function isKey(value: Value): boolean {
  return (
    value !== null &&
    value !== undefined &&
    !Array.isArray(value) &&
    !(value instanceof RegExp) &&
    !Number.isNaN(value)
  )
}

/** Lists the comparisons that hold where a document matches a filter. */
export function impliedByMatch([document, settings]: readonly Expression[]): readonly Expression[] {
  if (document === undefined || settings?.kind !== 'literal') return []
  const { filter } = settings.value as MatchCall
  return impliedByFilter(document, filter)
}

function impliedByFilter(document: Expression, filter: Filter): readonly Expression[] {
  if (filter.kind === 'and') return filter.filters.flatMap((part) => impliedByFilter(document, part))
  if (filter.kind !== 'field') return []
  const path = call('document.path', document, ...filter.path.map((name) => literal(name)))
  return impliedBy(path, filter.condition)
}

/** Lists the comparisons that hold where the value of a path passes a test. */
export function impliedByTest([value, settings]: readonly Expression[]): readonly Expression[] {
  if (value?.kind !== 'column' || settings?.kind !== 'literal') return []
  const { condition, rest } = settings.value as TestCall
  if (rest.length > 0) return []
  return impliedBy(column({ ...value, type: types.variant }), condition)
}
