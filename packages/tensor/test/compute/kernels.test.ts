import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arithmetic, dotOf, product, sumOf } from '../../src/compute/kernels.ts'

const MAKES = [Float32Array, Float64Array] as const
const whole = fc.integer({ min: -50, max: 50 })

test('sums and products of arrays of any length, from any place on', () => {
  fc.assert(
    fc.property(
      fc.array(whole, { maxLength: 200 }),
      fc.nat(5),
      fc.constantFrom(...MAKES),
      (numbers, start, Make) => {
        const values = Make.from(numbers)
        const rest = numbers.slice(start)
        expect(sumOf(values, start, Math.max(start, values.length))).toBe(
          rest.reduce((sum, value) => sum + value, 0),
        )
        const other = values.map((value) => value * 2)
        expect(dotOf(values, other, 0, values.length)).toBe(
          numbers.reduce((sum, value) => sum + 2 * value * value, 0),
        )
      },
    ),
  )
  const long = new Float32Array(300_001).fill(1)
  expect(sumOf(long, 1, long.length)).toBe(300_000)
})

test('arithmetic of two arrays, or of one and a number, is that of each element', () => {
  fc.assert(
    fc.property(
      fc.array(whole, { maxLength: 100 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(...MAKES),
      (numbers, k, Make) => {
        const values = Make.from(numbers)
        const other = Make.from(numbers.map((value) => value + 60))
        const run = (
          name: 'add' | 'sub' | 'mul' | 'div',
          left: typeof values | number,
          right: typeof values | number,
        ) => {
          const result = new Make(numbers.length)
          arithmetic(name, left, right, result)
          return Array.from(result)
        }
        const round = (value: number) => (Make === Float32Array ? Math.fround(value) : value)
        expect(run('add', values, other)).toEqual(numbers.map((value) => value + value + 60))
        expect(run('sub', k, values)).toEqual(numbers.map((value) => k - value))
        expect(run('mul', values, k)).toEqual(numbers.map((value) => value * k))
        expect(run('div', values, other)).toEqual(numbers.map((value) => round(value / (value + 60))))
      },
    ),
  )
})

test('products of matrices of any sizes are what a triple loop gives', () => {
  const size = fc.integer({ min: 0, max: 21 })
  fc.assert(
    fc.property(
      size,
      size,
      size,
      fc.constantFrom(...MAKES),
      fc.infiniteStream(whole),
      (rows, inner, columns, Make, numbers) => {
        const next = () => numbers.next().value as number
        const left = Make.from(Array.from({ length: rows * inner }, next))
        const right = Make.from(Array.from({ length: inner * columns }, next))
        const result = new Make(rows * columns)
        product(left, right, result, { rows, inner, columns })
        const expected = Array.from({ length: rows * columns }, (_, at) => {
          const [row, column] = [Math.floor(at / columns), at % columns]
          let total = 0
          for (let k = 0; k < inner; k += 1)
            total += (left[row * inner + k] as number) * (right[k * columns + column] as number)
          return total
        })
        expect(Array.from(result, (value) => value + 0)).toEqual(expected.map((value) => value + 0))
      },
    ),
  )
})

test('a product over a long inner axis is the sum over its parts', () => {
  const inner = 70_000
  const left = new Float64Array(2 * inner).fill(1)
  const right = new Float64Array(inner * 3).fill(2)
  const result = new Float64Array(6)
  product(left, right, result, { rows: 2, inner, columns: 3 })
  expect(Array.from(result)).toEqual(new Array(6).fill(2 * inner))
  const one = new Float64Array(1)
  product(left.subarray(0, inner), right.subarray(0, inner), one, { rows: 1, inner, columns: 1 })
  expect(one[0]).toBe(2 * inner)
})
