import { call, type Expression, hasFunction, isFloat, isList, isVariant, literal, types } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { asBoolean, compare } from './comparison.ts'
import { entityKey, entityOf, lowerError } from './entities.ts'
import { facetsOf, wholeValue } from './facets.ts'
import type { Frame, Locals, LowerContext } from './frame.ts'

type Call = syntax.CallExpression

/** Names the functions that are one call of a registered function each. */
const PLAIN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    labels: 'labels',
    type: 'type',
    id: 'id',
    properties: 'properties',
    keys: 'keys',
    nodes: 'nodes',
    relationships: 'relationships',
    length: 'length',
    size: 'size',
    char_length: 'size',
    character_length: 'size',
    isempty: 'is_empty',
    head: 'head',
    last: 'last',
    tail: 'tail',
    reverse: 'reverse',
    range: 'range',
    tointeger: 'to_integer',
    tofloat: 'to_float',
    toboolean: 'to_boolean',
    tostring: 'to_string',
    tointegerornull: 'to_integer_or_null',
    tofloatornull: 'to_float_or_null',
    tobooleanornull: 'to_boolean_or_null',
    tostringornull: 'to_string_or_null',
    valuetype: 'value_type',
    istyped: 'is_typed',
    abs: 'abs',
    sign: 'sign',
    ceil: 'ceil',
    floor: 'floor',
    round: 'round',
    sqrt: 'sqrt',
    exp: 'exp',
    log: 'log',
    ln: 'log',
    log10: 'log10',
    sin: 'sin',
    cos: 'cos',
    tan: 'tan',
    cot: 'cot',
    asin: 'asin',
    acos: 'acos',
    atan: 'atan',
    sinh: 'sinh',
    cosh: 'cosh',
    tanh: 'tanh',
    coth: 'coth',
    atan2: 'atan2',
    degrees: 'degrees',
    radians: 'radians',
    haversin: 'haversin',
    isnan: 'is_nan',
    rand: 'rand',
    randomuuid: 'random_uuid',
    timestamp: 'timestamp',
    toupper: 'upper',
    upper: 'upper',
    tolower: 'lower',
    lower: 'lower',
    trim: 'trim',
    btrim: 'trim',
    ltrim: 'ltrim',
    rtrim: 'rtrim',
    left: 'left',
    right: 'right',
    substring: 'substring',
    replace: 'replace',
    split: 'split',
    point: 'point',
    distance: 'point_distance',
    'point.distance': 'point_distance',
    'point.withinbbox': 'point_within',
  }),
)

/** Lowers a call of a function that is no aggregate. */
export function lowerFunction(
  context: LowerContext,
  frame: Frame,
  expression: Call,
  locals: Locals,
): Expression {
  const name = expression.name.toLowerCase()
  const entity = lowerEntityFunction(context, frame, name, expression, locals)
  if (entity !== null) return entity
  const args = expression.arguments.map((arg) => context.rules.expression(context, frame, arg, locals))
  const [first = literal(null), second = literal(null)] = args
  switch (name) {
    case 'coalesce':
      return call('coalesce', ...args)
    case 'nullif':
      return call('case', compare('=', first, second), literal(null, first.type), first)
    case 'exists':
      return isPattern(expression.arguments[0]) ? asBoolean(first) : call('is_not_null', first)
    case 'elementid':
      return call('cypher.to_string', call('cypher.id', first))
    case 'startnode':
    case 'endnode':
      throw lowerError(
        context,
        expression,
        'The ends of this relationship cannot be found here. Bind it in MATCH first.',
        'InvalidArgumentType',
      )
    case 'pi':
      return literal(Math.PI, types.float64)
    case 'e':
      return literal(Math.E, types.float64)
  }
  const temporal = lowerTemporal(context, name, args)
  if (temporal !== null) return temporal
  const plain = PLAIN.get(name)
  if (plain !== undefined) return call(`cypher.${plain}`, ...args)
  if (hasFunction(`shared.${name}`)) return call(`shared.${name}`, ...args)
  throw lowerError(
    context,
    expression,
    `There is no function of this name. Check its spelling: ${expression.name}`,
    'UnknownFunction',
  )
}

const CLOCKED = /^(date|localtime|time|localdatetime|datetime)(\.statement|\.transaction|\.realtime)?$/
const TEMPORAL =
  /^(?:(?:date|localtime|time|localdatetime|datetime)(?:\.truncate)?|datetime\.fromepoch(?:millis)?|duration(?:\.between|\.inmonths|\.indays|\.inseconds)?)$/

/** Lowers functions of dates and times. Without an argument they show the clock, once for the whole statement. */
function lowerTemporal(context: LowerContext, name: string, args: readonly Expression[]): Expression | null {
  const clocked = CLOCKED.exec(name)
  if (clocked !== null && (args.length === 0 || clocked[2] !== undefined)) {
    return call(`cypher.${clocked[1]}.now`, literal(context.now(), types.int64), args[0] ?? literal('Z'))
  }
  if (!TEMPORAL.test(name)) return null
  const [unit, value, ...rest] = args
  if (name.endsWith('.truncate') && unit !== undefined && value === undefined) {
    return call(
      `cypher.${name}`,
      unit,
      call(`cypher.${name.replace('.truncate', '')}.now`, literal(context.now(), types.int64), literal('Z')),
      ...rest,
    )
  }
  return call(`cypher.${name}`, ...args)
}

function isPattern(expression: syntax.Expression | undefined): boolean {
  return expression?.kind === 'pattern'
}

/** Lowers functions of an entity that is held by its id, without making its whole value. */
function lowerEntityFunction(
  context: LowerContext,
  frame: Frame,
  name: string,
  expression: Call,
  locals: Locals,
): Expression | null {
  const [argument] = expression.arguments
  if (argument === undefined || expression.arguments.length !== 1) return null
  if (name === 'startnode' || name === 'endnode') {
    const node = entityOf(context, frame, expression, locals)
    return node === null ? null : wholeValue(context, frame, node)
  }
  const entity = entityOf(context, frame, argument, locals)
  if (entity === null) return null
  switch (name) {
    case 'id':
      return entityKey(entity)
    case 'elementid':
      return call('cypher.to_string', entityKey(entity))
    case 'exists':
      return call('is_not_null', entityKey(entity))
    case 'length':
    case 'size':
      return entity.kind === 'path' || entity.kind === 'relationships'
        ? call('cypher.size', entity.edges)
        : null
    case 'relationships':
      return entity.kind === 'path' ? wholeValue(context, frame, { ...entity, kind: 'relationships' }) : null
    case 'labels':
      return entity.kind === 'node' ? (facetsOf(context, frame, entity).labels ?? null) : null
    case 'type':
      return entity.kind === 'relationship' ? (facetsOf(context, frame, entity).type ?? null) : null
    case 'properties':
      return entity.kind === 'node' || entity.kind === 'relationship'
        ? facetsOf(context, frame, entity).properties
        : null
    case 'keys':
      return entity.kind === 'node' || entity.kind === 'relationship'
        ? call('cypher.keys', facetsOf(context, frame, entity).properties)
        : null
    default:
      return null
  }
}

/** Is an aggregate in the plan, and what to make of its result. */
export type AggregateCall = {
  readonly function: string
  readonly args: readonly Expression[]
  readonly distinct: boolean
  readonly finish: (result: Expression) => Expression
}

const same = (result: Expression): Expression => result

/** Lowers a call of an aggregate. */
export function lowerAggregate(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression,
): AggregateCall {
  if (expression.kind !== 'function') return { function: 'count', args: [], distinct: false, finish: same }
  const { distinct } = expression
  const name = expression.name.toLowerCase()
  if (name === 'count')
    return { function: 'count', args: [countArgument(context, frame, expression)], distinct, finish: same }
  const args = expression.arguments.map((arg) => context.rules.expression(context, frame, arg))
  switch (name) {
    case 'sum':
      return {
        function: 'sum',
        args,
        distinct,
        finish: (result) =>
          call('coalesce', result, literal(0, isFloat(result.type) ? types.float64 : types.int64)),
      }
    case 'avg':
      return { function: 'avg', args, distinct, finish: same }
    case 'min':
    case 'max':
      return { function: hasPlainOrder(args[0]) ? name : `cypher.${name}`, args, distinct, finish: same }
    case 'collect':
      return { function: 'collect', args, distinct, finish: same }
    case 'stdev':
      return {
        function: 'stddev_samp',
        args,
        distinct,
        finish: (result) => call('coalesce', result, literal(0, types.float64)),
      }
    case 'stdevp':
      return {
        function: 'stddev_pop',
        args,
        distinct,
        finish: (result) => call('coalesce', result, literal(0, types.float64)),
      }
    case 'percentilecont':
      return { function: 'cypher.percentile_cont', args, distinct, finish: same }
    default:
      return { function: 'cypher.percentile_disc', args, distinct, finish: same }
  }
}

function countArgument(context: LowerContext, frame: Frame, expression: Call): Expression {
  const argument = expression.arguments[0] as syntax.Expression
  const entity = entityOf(context, frame, argument, new Map())
  return entity === null ? context.rules.expression(context, frame, argument) : entityKey(entity)
}

/** Tells whether the core's order of a type is openCypher's: neither of values of any kind, nor of floats with NaN. */
function hasPlainOrder(expression: Expression | undefined): boolean {
  return (
    expression !== undefined &&
    !isVariant(expression.type) &&
    !isFloat(expression.type) &&
    !isList(expression.type)
  )
}
