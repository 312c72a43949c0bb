import {
  type DataType,
  decimalText,
  elementType,
  type FunctionDefinition,
  isList,
  isVariant,
  readMember,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { type Decimal, type Timestamp, Type } from 'apache-arrow'
import { Decimal128 } from 'bson'
import { compileJsonPath } from '../language/jsonpath/evaluate.ts'
import { parseExpression } from '../language/parser-expression.ts'
import type { SortField } from '../language/syntax.ts'
import {
  type Binding,
  type CompileContext,
  compileContext,
  compileExpression,
  type Evaluator,
  scopeOf,
} from '../semantics/expression.ts'
import { distanceOf } from '../semantics/geo/region.ts'
import { compileFilter, type Matcher } from '../semantics/match.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { readPath } from '../semantics/path.ts'
import { compileProjection, type Projector } from '../semantics/project.ts'
import { sortValue } from '../semantics/sort.ts'
import { compileRowStage } from '../semantics/stages/row-stage.ts'
import { type Unwind, unwindDocument } from '../semantics/stages/unwind.ts'
import { type Document, getKey, isDocument, isInt32, isNullish, setKey } from '../semantics/value.ts'
import type {
  CallSettings,
  DistanceCall,
  EvaluateCall,
  MatchCall,
  ProjectCall,
  StageCall,
  TestCall,
} from './calls.ts'
import { impliedByMatch, impliedByTest, indexCovers, indexKeys } from './index-keys.ts'
import { type ColumnTest, testColumn } from './test-kernel.ts'

/** Makes the bindings of a call's variables. */
export function bindingsOf({ variables }: CallSettings): Binding | null {
  return variables.reduce<Binding | null>((outer, [name, value]) => ({ name, value, outer }), null)
}

/** Makes the context in which a call's expressions are compiled. */
export function contextOf({ variables, now }: CallSettings): CompileContext {
  return { ...compileContext(variables.map(([name]) => name)), now }
}

/** Makes what a constant of the plan stands for, once a constant. */
function perConstant<Call extends object, Made>(make: (call: Call) => Made): (call: Value) => Made {
  const made = new WeakMap<object, Made>()
  let last: object | null = null
  let lastMade: Made
  return (call) => {
    if (call === last) return lastMade
    let result = made.get(call as object)
    if (result === undefined) {
      result = make(call as Call)
      made.set(call as object, result)
    }
    last = call as object
    lastMade = result
    return result
  }
}

const matcherOf = perConstant<MatchCall, Matcher>((call) =>
  compileFilter(call.filter, matchSupport(contextOf(call), bindingsOf(call))),
)

const testOf = perConstant<TestCall, ColumnTest>(({ condition, rest, nullIsMissing }) => {
  const matches = compileFilter({ kind: 'field', path: rest, condition }, matchSupport(compileContext()))
  return {
    condition: rest.length === 0 ? condition : null,
    matches: nullIsMissing ? (value) => matches(value ?? undefined) : matches,
  }
})

const projectorOf = perConstant<ProjectCall, (document: Document) => Document>((call) => {
  const context = contextOf(call)
  const variables = bindingsOf(call)
  const project: Projector = compileProjection(call.projection, {
    find: true,
    context,
    support: matchSupport(context, variables),
    filter: call.filter,
  })
  return (document) => project(scopeOf(document, variables))
})

const stageOf = perConstant<StageCall, (document: Document) => Document | undefined>((call) => {
  const run = compileRowStage(call.stage, contextOf(call))
  const variables = bindingsOf(call)
  return (document) => run(scopeOf(document, variables))
})

const evaluatorOf = perConstant<EvaluateCall, (document: Document) => Value>((call) => {
  const evaluate: Evaluator = compileExpression(parseExpression(call.expression), contextOf(call))
  const variables = bindingsOf(call)
  return (document) => evaluate(scopeOf(document, variables))
})

const custom = (
  name: string,
  type: DataType,
  evaluate: (...args: Value[]) => Value,
  nullable = true,
): FunctionDefinition => ({
  name,
  nulls: 'custom',
  nullable: () => nullable,
  type: () => type,
  evaluator: () => evaluate,
})

/** Tells how a value goes into a column of a type; what does not fit is null. */
function fitting(type: DataType): (value: Value) => Value {
  if (isVariant(type)) return (value) => value ?? null
  if (isList(type)) {
    const fit = fitting(elementType(type))
    return (value) => (Array.isArray(value) ? value.map(fit) : null)
  }
  if (type.typeId === Type.Struct) return fittingStruct(type)
  if (type === types.int32) return (value) => (typeof value === 'number' && isInt32(value) ? value : null)
  if (type === types.float64) return (value) => (typeof value === 'number' ? value : null)
  if (type === types.utf8)
    return (value) => (typeof value === 'string' && value.isWellFormed() ? value : null)
  if (type === types.bool) return (value) => (typeof value === 'boolean' ? value : null)
  if (type === types.timestamp)
    return (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value : null)
  return (value) => value ?? null
}

function fittingStruct(type: DataType): (value: Value) => Value {
  const fields = type.children.map((field) => [field.name, fitting(field.type)] as const)
  return (value) => {
    if (!isDocument(value)) return null
    const struct: Document = {}
    for (const [name, fit] of fields) setKey(struct, name, fit(getKey(value, name)))
    return struct
  }
}

/** Reads a path through objects, as a value of the column's type; what is of another type is null. */
const path: FunctionDefinition = {
  name: 'document.path',
  nulls: 'custom',
  nullable: () => true,
  pathAccess: true,
  type: () => types.variant,
  evaluator: (_, resultType) => {
    const fit = fitting(resultType)
    return (root: Value, ...keys: Value[]) => fit(keys.reduce<Value>(readMember, root))
  },
}

/** Gives the values that `$unwind` makes of one: the elements of an array, none of null, and any other as it is. */
function elementsOf(value: Value): Value {
  if (Array.isArray(value)) return value
  return isNullish(value) ? [] : [value]
}

/** Makes a document of names and values by turns, without those that are null. */
function presentFields(entries: readonly Value[]): Document {
  const document: Document = {}
  for (let at = 0; at + 1 < entries.length; at += 2)
    if (!isNullish(entries[at + 1])) setKey(document, entries[at] as string, entries[at + 1])
  return document
}

/** Gives a value of a column as documents hold it: dates and times as Date, decimals as Decimal128. */
const documentValue: FunctionDefinition = {
  ...custom('mongo.value', types.variant, (value) => value),
  evaluator: ([type]) => {
    const convert = type === undefined ? null : valueConversion(type)
    return (value) => (isNullish(value) || convert === null ? (value ?? null) : convert(value))
  },
}

const MS_PER_DAY = 86_400_000
const UNITS_PER_MS = [0.001, 1, 1000, 1_000_000] as const

function valueConversion(type: DataType): ((value: Value) => Value) | null {
  switch (type.typeId) {
    case Type.Date:
      return type.ArrayType === Int32Array
        ? (days) => new Date(Number(days) * MS_PER_DAY)
        : (ms) => new Date(Number(ms))
    case Type.Timestamp: {
      const perMs = UNITS_PER_MS[(type as Timestamp).unit]
      return (units) => new Date(Math.floor(Number(units) / perMs))
    }
    case Type.Decimal: {
      const { scale } = type as Decimal
      return (unscaled) => Decimal128.fromString(decimalText(unscaled as bigint, scale))
    }
    default:
      return null
  }
}

/** Holds the functions that plans of this model call. */
export const documentFunctions: readonly FunctionDefinition[] = [
  path,
  {
    ...custom('mongo.match', types.bool, (document, call) => matcherOf(call)(document), false),
    implies: impliedByMatch,
  },
  {
    ...custom('mongo.test', types.bool, (value, call) => testOf(call).matches(value), false),
    kernel: (column, [call]) => testColumn(column, testOf(call)),
    implies: impliedByTest,
  },
  {
    ...custom('mongo.elements', types.variant, elementsOf),
    type: ([type]) => (type !== undefined && isList(type) ? type : types.variant),
    kernel: (column) => (column.layout === 'list' ? column : undefined),
  },
  indexKeys,
  indexCovers,
  custom('mongo.jsonpath', types.variant, (document, path) => compileJsonPath(path as string)(document)),
  custom('shared.jsonpath', types.variant, (value, path) => {
    if (typeof path !== 'string')
      throw new SheafError('TYPE', 'jsonpath takes a path as text. Give it one: $.a')
    return isNullish(value) ? null : compileJsonPath(path)(value)
  }),
  custom('mongo.present', types.variant, (...entries) => presentFields(entries), false),
  custom('mongo.project', types.variant, (document, call) => projectorOf(call)(document as Document)),
  custom('mongo.stage', types.variant, (document, call) => stageOf(call)(document as Document) ?? null),
  custom(
    'mongo.evaluate',
    types.variant,
    (document, call) => evaluatorOf(call)(document as Document) ?? null,
  ),
  custom(
    'mongo.sort_value',
    types.variant,
    (document, field) => sortValue(document, field as SortField) ?? null,
  ),
  custom('mongo.distance', types.float64, (document, call) => {
    const { path: at, near } = call as DistanceCall
    return distanceOf(near, readPath(document, at))
  }),
  documentValue,
  custom('mongo.unwind', types.variant, (document, unwind) =>
    unwindDocument(document as Document, unwind as Unwind),
  ),
]
