import { type DataType, type Float, Precision } from 'apache-arrow'
import { checkInt64 } from '../expression/arithmetic.ts'
import type { Expression } from '../expression/expression.ts'
import type { Places } from '../expression/interpret.ts'
import type { AggregateExpression } from '../plan/logical-plan.ts'
import { isFloat, isInteger, isWideInteger } from '../types/data-type.ts'
import { compareValues, type Value } from '../types/value.ts'
import {
  type Accumulator,
  countedRows,
  grown,
  isNarrow,
  numberResults,
  openRow,
  type RowCounter,
  rowAdder,
} from './accumulator.ts'
import type { Generator } from './expression/generate.ts'

/** Counts rows, or rows whose argument is not null. */
export function countAccumulator(
  item: AggregateExpression,
  argument: Expression | undefined,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
): Accumulator {
  const counters: RowCounter[] = []
  let counts: Float64Array = new Float64Array(16)
  return {
    generate(generator, scalar, rows) {
      if (
        item.filter === null &&
        (argument === undefined || generator.expression(argument).isNull === undefined)
      ) {
        rows.use()
        counters.push(rows)
        return { before: '', after: '' }
      }
      const array = generator.input('a', () => counts)
      const target = scalar ? generator.name('l') : `${array}[g]`
      const { close } = openRow(generator, item.filter, argument)
      generator.line(`${target} += 1;${close}`)
      return scalar
        ? { before: `let ${target} = ${array}[0];`, after: `${array}[0] = ${target};` }
        : { before: '', after: '' }
    },
    grow(count) {
      counts = grown(counts, count)
    },
    add: rowAdder(item, argument, places, parameters, (group) => {
      counts[group] = (counts[group] as number) + 1
    }),
    settle() {},
    result: (group) => (counts[group] as number) + countedRows(counters, group),
    results: (groups, type) =>
      numberResults(groups, type, {
        numberOf: (group) => (counts[group] as number) + countedRows(counters, group),
        countOf: null,
      }),
    bytes: () => counts.byteLength,
  }
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER

/** Tells whether a column of a type may hold its values as doubles: integers, which are safe here, and doubles. */
function holdsDoubles(type: DataType): boolean {
  return isInteger(type) || (isFloat(type) && (type as Float).precision === Precision.DOUBLE)
}

/** Sums in doubles; integers past the safe range are carried over into a `bigint` a group. */
export function sumAccumulator(
  item: AggregateExpression,
  argument: Expression,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
): Accumulator {
  const mean = item.function === 'avg'
  const integers = isInteger(argument.type)
  const mayBeWide = integers && (isWideInteger(argument.type) || argument.kind === 'call')
  const counters: RowCounter[] = []
  const carried = new Map<number, bigint>()
  let sums: Float64Array = new Float64Array(16)
  let counts: Float64Array = new Float64Array(16)
  const carry = (group: number, value: bigint): void => {
    carried.set(group, (carried.get(group) ?? 0n) + value)
  }
  const addSlowly = (group: number, value: Value): void => {
    if (typeof value === 'bigint') carry(group, value)
    else {
      const total = (sums[group] as number) + (value as number)
      if (integers && (total > MAX_SAFE || total < -MAX_SAFE)) {
        carry(group, BigInt(sums[group] as number) + BigInt(value as number))
        sums[group] = 0
      } else sums[group] = total
    }
  }
  return {
    generate(generator, scalar, rows) {
      const wide = mayBeWide && !isNarrow(generator, argument)
      const sumArray = generator.input('a', () => sums)
      const sum = scalar && !wide ? generator.name('l') : `${sumArray}[${scalar ? '0' : 'g'}]`
      const { value, close } = openRow(generator, item.filter, argument)
      if (wide) generator.line(addWide(generator, { sum, value, group: scalar ? '0' : 'g', slow: addSlowly }))
      else generator.line(`${sum} += ${value};`)
      // A local that starts as a small integer is added to in integer registers; one read from a Float64Array is not.
      const before = scalar && !wide ? `let ${sum} = ${integers ? 0 : `${sumArray}[0]`};` : ''
      const after = scalar && !wide ? `${sumArray}[0] ${integers ? '+=' : '='} ${sum};` : ''
      if (close === '') {
        rows.use()
        counters.push(rows)
        return { before, after }
      }
      const countArray = generator.input('a', () => counts)
      const count = scalar ? generator.name('l') : `${countArray}[g]`
      generator.line(`${count} += 1;${close}`)
      if (!scalar) return { before, after }
      return {
        before: `${before} let ${count} = ${countArray}[0];`,
        after: `${after} ${countArray}[0] = ${count};`,
      }
    },
    grow(count) {
      sums = grown(sums, count)
      counts = grown(counts, count)
    },
    add: rowAdder(item, argument, places, parameters, (group, value) => {
      addSlowly(group, value)
      counts[group] = (counts[group] as number) + 1
    }),
    settle() {
      if (!integers) return
      for (let group = 0; group < sums.length; group += 1) {
        const sum = sums[group] as number
        if (sum <= MAX_SAFE / 2 && sum >= -MAX_SAFE / 2) continue
        carry(group, BigInt(sum))
        sums[group] = 0
      }
    },
    result(group) {
      const count = (counts[group] as number) + countedRows(counters, group)
      if (count === 0) return null
      const big = carried.get(group)
      if (mean) return ((big === undefined ? 0 : Number(big)) + (sums[group] as number)) / count
      if (!integers) return sums[group] as number
      return big === undefined ? (sums[group] as number) : checkInt64(big + BigInt(sums[group] as number))
    },
    results(groups, type) {
      if (carried.size > 0 || !holdsDoubles(type)) return null
      const countOf = (group: number): number => (counts[group] as number) + countedRows(counters, group)
      const sumOf = (group: number): number => sums[group] as number
      const numberOf = mean ? (group: number): number => sumOf(group) / countOf(group) : sumOf
      return numberResults(groups, type, { numberOf, countOf })
    },
    bytes: () => sums.byteLength + counts.byteLength,
  }
}

/** Writes source that adds a 64-bit integer: in a double while the sum is safe, else by a call. */
function addWide(
  generator: Generator,
  {
    sum,
    value,
    group,
    slow,
  }: {
    readonly sum: string
    readonly value: string
    readonly group: string
    readonly slow: (group: number, value: Value) => void
  },
): string {
  const add = generator.input('f', () => slow)
  const local = generator.name('v')
  const total = generator.name('v')
  return [
    `const ${local} = ${value};`,
    `if (typeof ${local} === 'number') { const ${total} = ${sum} + ${local};`,
    `if (${total} > ${MAX_SAFE} || ${total} < ${-MAX_SAFE}) ${add}(${group}, ${local}); else ${sum} = ${total}; }`,
    `else ${add}(${group}, ${local});`,
  ].join('\n')
}

/** Finds the least or greatest number; NaN counts as less than every other, as in the total order. */
export function extremeAccumulator(
  item: AggregateExpression,
  argument: Expression,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
): Accumulator {
  const least = item.function === 'min'
  const large = new Map<number, Value>()
  let best: Float64Array = new Float64Array(16)
  let has: Float64Array = new Float64Array(16)
  const addSlowly = (group: number, value: Value): void => {
    if (typeof value === 'number') {
      if (has[group] === 0 || compareValues(value, best[group]) < 0 === least) best[group] = value
      has[group] = 1
      return
    }
    const known = large.get(group)
    if (known === undefined || compareValues(value, known) < 0 === least) large.set(group, value)
  }
  return {
    generate(generator, scalar) {
      const bestArray = generator.input('a', () => best)
      const hasArray = generator.input('a', () => has)
      // The one group of an aggregation without groups is kept in locals while the loop runs.
      const bestPlace = scalar ? generator.name('l') : `${bestArray}[g]`
      const hasPlace = scalar ? generator.name('l') : `${hasArray}[g]`
      const slow = generator.input('f', () => addSlowly)
      const { value, close } = openRow(generator, item.filter, argument)
      const local = generator.name('v')
      const known = generator.name('v')
      generator.line(`const ${local} = ${value};`)
      const nan = isFloat(argument.type)
      const better = least
        ? `${local} < ${known}${nan ? ` || ${local} !== ${local}` : ''}`
        : `${local} > ${known}${nan ? ` || ${known} !== ${known}` : ''}`
      generator.line(`const ${known} = ${bestPlace};`)
      if (!isNarrow(generator, argument))
        generator.line(`if (typeof ${local} !== 'number') ${slow}(${scalar ? '0' : 'g'}, ${local}); else`)
      generator.line(
        `if (${better} || ${hasPlace} === 0) { ${bestPlace} = ${local}; ${hasPlace} = 1; }${close}`,
      )
      if (!scalar) return { before: '', after: '' }
      return {
        before: `let ${bestPlace} = ${bestArray}[0], ${hasPlace} = ${hasArray}[0];`,
        after: `${bestArray}[0] = ${bestPlace}; ${hasArray}[0] = ${hasPlace};`,
      }
    },
    grow(count) {
      best = grown(best, count)
      has = grown(has, count)
    },
    add: rowAdder(item, argument, places, parameters, addSlowly),
    settle() {},
    result(group) {
      const other = large.get(group)
      if (has[group] === 0) return other ?? null
      const number = best[group] as number
      if (other === undefined) return number
      return compareValues(other, number) < 0 === least ? other : number
    },
    bytes: () => best.byteLength + has.byteLength,
  }
}
