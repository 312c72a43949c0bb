import { SheafError, sourceError } from '@sheafdb/core'
import { parseTensorExpression } from '../language/parser.ts'
import type { BinaryOperator, Syntax } from '../language/syntax.ts'
import { apply, broadcastShape, broadcastTo, combine } from './elementwise.ts'
import type { ArithmeticName, Floats } from './kernels.ts'
import { matmul } from './matmul.ts'
import {
  checkAxis,
  isSingle,
  type NdArray,
  reshape,
  scalar,
  sliceArray,
  transpose,
  zeros,
} from './nd-array.ts'
import { argsortAxis, cumulate, sortAxis, topAxis } from './ordering.ts'
import { reduce, reductions } from './reduce.ts'

type Doubles = NdArray<Floats>

const OPERATORS: Readonly<Record<Exclude<BinaryOperator, '@'>, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
}

/** Names the kernels of operators. */
const KERNELS: ReadonlyMap<BinaryOperator, ArithmeticName> = new Map([
  ['+', 'add'],
  ['-', 'sub'],
  ['*', 'mul'],
  ['/', 'div'],
])

const ELEMENTWISE: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['exp', Math.exp],
  ['log', Math.log],
  ['sqrt', Math.sqrt],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['sign', Math.sign],
  ['round', (value: number) => roundEven(value)],
  ['isnan', (value: number) => Number(Number.isNaN(value))],
  ['relu', (value: number) => Math.max(value, 0)],
  ['sigmoid', (value: number) => 1 / (1 + Math.exp(-value))],
])

/** Rounds to the nearest integer, to the even one on ties, as NumPy does. */
function roundEven(value: number): number {
  const rounded = Math.round(value)
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

const PAIRWISE: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ['minimum', (a: number, b: number) => Math.min(a, b)],
  ['maximum', (a: number, b: number) => Math.max(a, b)],
])

type Call = Extract<Syntax, { kind: 'call' }>
type Scope = {
  readonly text: string
  readonly find: (name: string) => Doubles | undefined
  /** Gives an array of floats as it was given, where it is one. */
  readonly given: (name: string) => Doubles | undefined
}

/** Names the arrays that an expression reads, each once. @throws `SYNTAX` */
export function namesIn(text: string): string[] {
  const names = new Set<string>()
  const visit = (syntax: Syntax): void => {
    if (syntax.kind === 'name') names.add(syntax.name)
    else if (syntax.kind === 'negate') visit(syntax.operand)
    else if (syntax.kind === 'slice') visit(syntax.array)
    else if (syntax.kind === 'list') syntax.items.forEach(visit)
    else if (syntax.kind === 'call') syntax.args.forEach(visit)
    else if (syntax.kind === 'binary') {
      visit(syntax.left)
      visit(syntax.right)
    }
  }
  visit(parseTensorExpression(text))
  return [...names]
}

/**
 * Computes an expression over arrays, in double precision.
 *
 * @throws `SYNTAX`, `NOT_FOUND` for a name without array, `ARGUMENT` for shapes that do not fit
 */
export function evaluateExpression(
  text: string,
  find: Scope['find'],
  given: Scope['given'] = () => undefined,
): Doubles {
  return compute(parseTensorExpression(text), { text, find, given })
}

function compute(syntax: Syntax, scope: Scope): Doubles {
  switch (syntax.kind) {
    case 'number':
      return scalar(syntax.value)
    case 'name': {
      const array = scope.find(syntax.name)
      if (array !== undefined) return array
      throw located('NOT_FOUND', `There is no array of this name: ${syntax.name}.`, syntax, scope)
    }
    case 'negate':
      return apply(compute(syntax.operand, scope), (value) => -value)
    case 'binary': {
      const [left, right] = [compute(syntax.left, scope), compute(syntax.right, scope)]
      if (syntax.operator === '@') return matmul(left, right)
      return combine(left, right, OPERATORS[syntax.operator], KERNELS.get(syntax.operator))
    }
    case 'slice':
      return sliceArray(compute(syntax.array, scope), syntax.slices)
    case 'list':
      return stack(syntax.items.map((item) => compute(item, scope)))
    case 'call':
      return computeCall(syntax, scope)
  }
}

function located(
  code: 'NOT_FOUND' | 'ARGUMENT',
  message: string,
  syntax: { readonly offset: number },
  scope: Scope,
): SheafError {
  return sourceError(code, message, { text: scope.text, offset: syntax.offset, phase: 'runtime' })
}

function computeCall(call: Call, scope: Scope): Doubles {
  const reduction = reductions.get(call.name)
  const elementwise = ELEMENTWISE.get(call.name)
  const pairwise = PAIRWISE.get(call.name)
  const structural = STRUCTURAL.get(call.name)
  if (structural !== undefined) return structural(call, scope)
  if (reduction !== undefined) {
    const axis = integerOption(call, 'axis', scope)
    return reduce(reducedArgument(call, scope), reduction, {
      axis,
      keepAxes: integerOption(call, 'keepdims', scope) === 1,
    })
  }
  if (elementwise !== undefined) return apply(argument(call, 0, scope), elementwise)
  if (pairwise !== undefined) return combine(argument(call, 0, scope), argument(call, 1, scope), pairwise)
  const known = [...STRUCTURAL.keys(), ...reductions.keys(), ...ELEMENTWISE.keys(), ...PAIRWISE.keys()]
  throw located(
    'NOT_FOUND',
    `There is no function ${call.name}. Those there are: ${known.join(', ')}.`,
    call,
    scope,
  )
}

function argument(call: Call, at: number, scope: Scope): Doubles {
  const syntax = call.args[at]
  if (syntax === undefined)
    throw located('ARGUMENT', `The function ${call.name} needs another argument.`, call, scope)
  return compute(syntax, scope)
}

/** Gives what is reduced: an array by its name as it is given, for its elements are added up in double precision anyway. */
function reducedArgument(call: Call, scope: Scope): Doubles {
  const [syntax] = call.args
  const given = syntax?.kind === 'name' ? scope.given(syntax.name) : undefined
  return given ?? argument(call, 0, scope)
}

/** Reads an option, or the argument after the array, as an integer; `null` where there is none. */
function integerOption(call: Call, name: string, scope: Scope): number | null {
  const syntax = call.options.get(name) ?? (name === 'axis' ? call.args[1] : undefined)
  if (syntax === undefined) return null
  if (syntax.kind === 'name' && (syntax.name === 'True' || syntax.name === 'true')) return 1
  if (syntax.kind === 'name' && ['False', 'false', 'None'].includes(syntax.name)) return null
  const { values, shape } = compute(syntax, scope)
  const [value] = values
  if (shape.length === 0 && Number.isInteger(value)) return value as number
  throw located('ARGUMENT', `The option ${name} must be an integer.`, syntax, scope)
}

function integers(call: Call, from: number, scope: Scope): number[] {
  return call.args.slice(from).flatMap((syntax) => [...compute(syntax, scope).values])
}

const STRUCTURAL: ReadonlyMap<string, (call: Call, scope: Scope) => Doubles> = new Map<
  string,
  (call: Call, scope: Scope) => Doubles
>([
  [
    'transpose',
    (call, scope) => {
      const order = integers(call, 1, scope)
      const array = argument(call, 0, scope)
      return order.length === 0 ? transpose(array) : transpose(array, order)
    },
  ],
  ['reshape', (call, scope) => reshape(argument(call, 0, scope), integers(call, 1, scope))],
  ['matmul', (call, scope) => matmul(argument(call, 0, scope), argument(call, 1, scope))],
  ['dot', (call, scope) => matmul(argument(call, 0, scope), argument(call, 1, scope))],
  ['norm', norm],
  ['sort', (call, scope) => sortAxis(argument(call, 0, scope), axisOf(call, scope))],
  ['argsort', (call, scope) => argsortAxis(argument(call, 0, scope), axisOf(call, scope))],
  ['cumsum', (call, scope) => cumulate(argument(call, 0, scope), axisOf(call, scope))],
  ...(['topk', 'argtopk'] as const).map((name): [string, (call: Call, scope: Scope) => Doubles] => [
    name,
    (call, scope) =>
      topAxis(argument(call, 0, scope), {
        k: argument(call, 1, scope).values[0] as number,
        axis: axisOf(call, scope),
        places: name === 'argtopk',
      }),
  ]),
  [
    'where',
    (call, scope) => choose(argument(call, 0, scope), argument(call, 1, scope), argument(call, 2, scope)),
  ],
  [
    'clip',
    (call, scope) => {
      const [low, high] = [argument(call, 1, scope), argument(call, 2, scope)]
      return combine(combine(argument(call, 0, scope), low, Math.max), high, Math.min)
    },
  ],
  [
    'outer',
    (call, scope) => {
      const [left, right] = [argument(call, 0, scope), argument(call, 1, scope)]
      return matmul(reshape(left, [-1, 1]), reshape(right, [1, -1]))
    },
  ],
  ['flatten', (call, scope) => reshape(argument(call, 0, scope), [-1])],
  ['squeeze', (call, scope) => squeeze(argument(call, 0, scope))],
  [
    'expand_dims',
    (call, scope) => expandAxis(argument(call, 0, scope), integers(call, 1, scope)[0] ?? axisOf(call, scope)),
  ],
  [
    'stack',
    (call, scope) => {
      const items = call.args.flatMap((syntax) => (syntax.kind === 'list' ? syntax.items : [syntax]))
      const axis = call.options.has('axis') ? axisOf(call, scope) : 0
      return concatenate(
        items.map((item) => expandAxis(compute(item, scope), axis)),
        axis,
      )
    },
  ],
  ['softmax', (call, scope) => softmax(argument(call, 0, scope), integerOption(call, 'axis', scope) ?? -1)],
  [
    'concatenate',
    (call, scope) => {
      const axis = call.options.get('axis')
      const items = call.args.flatMap((syntax) => (syntax.kind === 'list' ? syntax.items : [syntax]))
      const at = axis === undefined ? 0 : (compute(axis, scope).values[0] as number)
      return concatenate(
        items.map((item) => compute(item, scope)),
        at,
      )
    },
  ],
])

function axisOf(call: Call, scope: Scope): number {
  const given = call.options.get('axis')
  return given === undefined ? -1 : (compute(given, scope).values[0] as number)
}

/** Computes the norm of the order given: 2, 1 or infinity. */
function norm(call: Call, scope: Scope): Doubles {
  const order = call.options.get('ord')
  const isInfinite = order?.kind === 'name' && order.name === 'inf'
  const value =
    order === undefined ? 2 : isInfinite ? Number.POSITIVE_INFINITY : compute(order, scope).values[0]
  const array = argument(call, 0, scope)
  const options = {
    axis: integerOption(call, 'axis', scope),
    keepAxes: integerOption(call, 'keepdims', scope) === 1,
  }
  const over = (name: string, of: Doubles) => reduce(of, reductions.get(name) as never, options)
  if (value === 2) return over('norm', array)
  if (value === 1) return over('sum', apply(array, Math.abs))
  if (value === Number.POSITIVE_INFINITY) return over('max', apply(array, Math.abs))
  throw located('ARGUMENT', 'The order of a norm is 1, 2 or inf.', call, scope)
}

function squeeze(array: Doubles): Doubles {
  return reshape(
    array,
    array.shape.filter((size) => size !== 1),
  )
}

function expandAxis(array: Doubles, axis: number): Doubles {
  const at = checkAxis(axis, array.shape.length + 1)
  return reshape(array, array.shape.toSpliced(at, 0, 1))
}

function choose(condition: Doubles, then: Doubles, otherwise: Doubles): Doubles {
  const test = apply(condition, (value) => Number(value !== 0))
  // Through the places, so that what is not chosen (NaN, infinity) leaves no trace.
  const shape = [then, otherwise].reduce((sizes, each) => broadcastShape(sizes, each.shape), test.shape)
  const [t, a, b] = [test, then, otherwise].map((each) => broadcastTo(each, shape).values) as [
    Floats,
    Floats,
    Floats,
  ]
  const result = zeros(shape, isSingle(then, otherwise))
  for (let at = 0; at < t.length; at += 1) result.values[at] = (t[at] === 1 ? a[at] : b[at]) as number
  return result
}

function softmax(array: Doubles, axis: number): Doubles {
  const whole = { axis, keepAxes: true }
  const greatest = reduce(array, reductions.get('max') as never, whole)
  const powers = combine(array, greatest, (value, than) => Math.exp(value - than))
  return combine(powers, reduce(powers, reductions.get('sum') as never, whole), (a, b) => a / b)
}

/** Joins arrays end to end along an axis. @throws `ARGUMENT` where other sizes differ */
export function concatenate(arrays: readonly Doubles[], axis: number): Doubles {
  const [first] = arrays
  if (first === undefined) throw new SheafError('ARGUMENT', 'There is nothing to concatenate. Name an array.')
  const at = checkAxis(axis, first.shape.length)
  const others = first.shape.map((_, each) => each).filter((each) => each !== at)
  const parts = arrays.map((array) => {
    const fits =
      array.shape.length === first.shape.length &&
      others.every((each) => array.shape[each] === first.shape[each])
    if (fits) return transpose(array, [at, ...others])
    throw new SheafError(
      'ARGUMENT',
      `Arrays are concatenated along one axis, the other sizes being equal: [${first.shape.join(', ')}] and [${array.shape.join(', ')}]`,
    )
  })
  const shape = [
    parts.reduce((sum, part) => sum + (part.shape[0] as number), 0),
    ...others.map((each) => first.shape[each] as number),
  ]
  const joined = zeros(shape)
  let filled = 0
  for (const part of parts) {
    joined.values.set(part.values, filled)
    filled += part.values.length
  }
  const back = first.shape.map((_, each) => (each === at ? 0 : others.indexOf(each) + 1))
  return transpose(joined, back)
}

/** Stacks arrays of one shape along a new first axis. @throws `ARGUMENT` */
function stack(arrays: readonly Doubles[]): Doubles {
  if (arrays.length === 0) return zeros([0])
  return concatenate(
    arrays.map((array) => reshape(array, [1, ...array.shape])),
    0,
  )
}
