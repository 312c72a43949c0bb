import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { call, column, literal } from './build.ts'
import { comparedAlike } from './compared-alike.ts'
import type { Expression } from './expression.ts'

/** Is an expression that names its columns, as users write it; bound to the columns of a plan when the query is planned. */
export type UnboundExpression =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'call'; readonly function: string; readonly args: readonly UnboundExpression[] }

/** Is what stands where an expression is wanted: an expression, or a value for a constant. */
export type Operand = ColumnBuilder | string | number | bigint | boolean | Date | Uint8Array | null

/** Builds expressions by chained calls, starting from {@link col} or {@link lit}. */
export class ColumnBuilder {
  readonly expression: UnboundExpression

  constructor(expression: UnboundExpression) {
    this.expression = expression
  }

  /** Equals; unknown where either side is null. */
  eq(other: Operand): ColumnBuilder {
    return this.#call('eq', other)
  }
  /** Does not equal. */
  ne(other: Operand): ColumnBuilder {
    return this.#call('ne', other)
  }
  /** Is less than. */
  lt(other: Operand): ColumnBuilder {
    return this.#call('lt', other)
  }
  /** Is at most. */
  le(other: Operand): ColumnBuilder {
    return this.#call('le', other)
  }
  /** Is greater than. */
  gt(other: Operand): ColumnBuilder {
    return this.#call('gt', other)
  }
  /** Is at least. */
  ge(other: Operand): ColumnBuilder {
    return this.#call('ge', other)
  }
  /** Adds. */
  add(other: Operand): ColumnBuilder {
    return this.#call('add', other)
  }
  /** Subtracts. */
  sub(other: Operand): ColumnBuilder {
    return this.#call('subtract', other)
  }
  /** Multiplies. */
  mul(other: Operand): ColumnBuilder {
    return this.#call('multiply', other)
  }
  /** Divides as floating-point numbers. */
  div(other: Operand): ColumnBuilder {
    return this.#call('divide', other)
  }
  /** Gives the remainder. */
  mod(other: Operand): ColumnBuilder {
    return this.#call('modulo', other)
  }
  /** Changes the sign. */
  neg(): ColumnBuilder {
    return this.#call('negate')
  }
  /** Is true where both are. */
  and(other: Operand): ColumnBuilder {
    return this.#call('and', other)
  }
  /** Is true where either is. */
  or(other: Operand): ColumnBuilder {
    return this.#call('or', other)
  }
  /** Turns a truth value around. */
  not(): ColumnBuilder {
    return this.#call('not')
  }
  /** Is null. */
  isNull(): ColumnBuilder {
    return this.#call('is_null')
  }
  /** Is not null. */
  isNotNull(): ColumnBuilder {
    return this.#call('is_not_null')
  }
  /** Is one of the values. */
  in(values: readonly Value[]): ColumnBuilder {
    return new ColumnBuilder({
      kind: 'call',
      function: 'in',
      args: [this.expression, { kind: 'value', value: [...values] }],
    })
  }
  /** Lies between two values, both included. */
  between(low: Operand, high: Operand): ColumnBuilder {
    return this.ge(low).and(this.le(high))
  }
  /** Matches an SQL pattern with `%` and `_`. */
  like(pattern: string): ColumnBuilder {
    return this.#call('like', pattern)
  }
  /** Starts with a text. */
  startsWith(text: string): ColumnBuilder {
    return this.#call('starts_with', text)
  }
  /** Contains a text. */
  contains(text: string): ColumnBuilder {
    return this.#call('contains', text)
  }
  /** Is the first of itself and the others that is not null. */
  coalesce(...others: Operand[]): ColumnBuilder {
    return this.#call('coalesce', ...others)
  }
  /** Reads the value under a path of keys and indexes in a nested value. */
  get(...path: (string | number)[]): ColumnBuilder {
    return this.#call('variant.get', ...path)
  }
  /** Calls any function of the registry, this expression being the first argument. */
  call(name: string, ...args: Operand[]): ColumnBuilder {
    return this.#call(name, ...args)
  }

  #call(name: string, ...others: Operand[]): ColumnBuilder {
    return new ColumnBuilder({
      kind: 'call',
      function: name,
      args: [this.expression, ...others.map(operand)],
    })
  }
}

/** Is an aggregate for `groupBy(…).agg(…)`. */
export class AggregateBuilder {
  readonly function: string
  readonly args: readonly UnboundExpression[]
  readonly isDistinct: boolean

  constructor(name: string, args: readonly UnboundExpression[], isDistinct = false) {
    this.function = name
    this.args = args
    this.isDistinct = isDistinct
  }

  /** Takes each distinct value once. */
  distinct(): AggregateBuilder {
    return new AggregateBuilder(this.function, this.args, true)
  }
}

function operand(value: Operand): UnboundExpression {
  return value instanceof ColumnBuilder ? value.expression : { kind: 'value', value }
}

/** Reads text as the name of a column, anything else as an expression or a constant. */
function columnOrExpression(value: string | ColumnBuilder): UnboundExpression {
  return typeof value === 'string' ? { kind: 'name', name: value } : value.expression
}

/** Refers to a column by name. */
export function col(name: string): ColumnBuilder {
  return new ColumnBuilder({ kind: 'name', name })
}

/** Makes a constant. */
export function lit(value: Value): ColumnBuilder {
  return new ColumnBuilder({ kind: 'value', value })
}

/** Counts rows, or the values of a column that are not null. */
export function count(value?: string | ColumnBuilder): AggregateBuilder {
  return new AggregateBuilder('count', value === undefined ? [] : [columnOrExpression(value)])
}
/** Adds the values of a column. */
export function sum(value: string | ColumnBuilder): AggregateBuilder {
  return new AggregateBuilder('sum', [columnOrExpression(value)])
}
/** Gives the mean of a column. */
export function mean(value: string | ColumnBuilder): AggregateBuilder {
  return new AggregateBuilder('avg', [columnOrExpression(value)])
}
/** Gives the least value of a column. */
export function min(value: string | ColumnBuilder): AggregateBuilder {
  return new AggregateBuilder('min', [columnOrExpression(value)])
}
/** Gives the greatest value of a column. */
export function max(value: string | ColumnBuilder): AggregateBuilder {
  return new AggregateBuilder('max', [columnOrExpression(value)])
}
/** Calls any aggregate of the registry. */
export function agg(name: string, ...args: (string | ColumnBuilder)[]): AggregateBuilder {
  return new AggregateBuilder(name, args.map(columnOrExpression))
}

/** Expressions are walked by recursion: a deeper one would exhaust the stack. */
const MAX_DEPTH = 1000

/** Binds an expression to the columns of a plan. @throws `NOT_FOUND`, `TYPE`, `LIMIT` for one nested too deep */
export function bindExpression(
  expression: UnboundExpression,
  resolve: (name: string) => Expression,
  depth = 0,
): Expression {
  if (depth > MAX_DEPTH)
    throw new SheafError(
      'LIMIT',
      `An expression is nested too deep. Compute a part of it as a column first: at most ${MAX_DEPTH} calls in each other`,
    )
  switch (expression.kind) {
    case 'name':
      return resolve(expression.name)
    case 'value':
      return literal(expression.value)
    case 'call': {
      const args = expression.args.map((arg) => bindExpression(arg, resolve, depth + 1))
      return call(expression.function, ...(comparedAlike(expression.function, args) ?? args))
    }
  }
}

/** Makes the function that finds columns by name for {@link bindExpression}. @throws `NOT_FOUND` naming the columns there are */
export function columnResolver(
  fields: readonly Parameters<typeof column>[0][],
): (name: string) => Expression {
  return (name) => {
    const field = fields.find((candidate) => candidate.name === name)
    if (field !== undefined) return column(field)
    throw new SheafError(
      'NOT_FOUND',
      `There is no column of this name. The columns are (${fields.map((known) => known.name).join(', ')}): ${name}`,
    )
  }
}
