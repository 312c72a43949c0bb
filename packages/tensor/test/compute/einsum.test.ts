import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { einsum, parseEinsum } from '../../src/compute/einsum.ts'
import type { NdArray } from '../../src/compute/nd-array.ts'
import { stridesOf } from '../../src/compute/slice-view.ts'

type Doubles = NdArray<Float64Array>

/** Sums over every choice of places, label by label: what an einsum means. */
function naive(operands: readonly string[], output: string, arrays: readonly Doubles[]): number[] {
  const sizes = new Map<string, number>()
  operands.forEach((labels, at) => {
    for (const [axis, label] of [...labels].entries()) sizes.set(label, arrays[at]?.shape[axis] as number)
  })
  const labels = [...output, ...[...sizes.keys()].filter((label) => !output.includes(label))]
  const count = [...output].reduce((product, label) => product * (sizes.get(label) as number), 1)
  const result = new Array<number>(count).fill(0)
  const visit = (at: number, places: ReadonlyMap<string, number>): void => {
    const label = labels[at]
    if (label !== undefined) {
      for (let place = 0; place < (sizes.get(label) as number); place += 1)
        visit(at + 1, new Map([...places, [label, place]]))
      return
    }
    let product = 1
    operands.forEach((names, which) => {
      const { values, shape } = arrays[which] as Doubles
      const strides = stridesOf(shape)
      const index = [...names].reduce(
        (sum, name, axis) => sum + (places.get(name) as number) * (strides[axis] as number),
        0,
      )
      product *= values[index] as number
    })
    const target = [...output].reduce(
      (sum, name) => sum * (sizes.get(name) as number) + (places.get(name) as number),
      0,
    )
    result[target] = (result[target] as number) + product
  }
  visit(0, new Map())
  return result
}

describe('einsum', () => {
  test('computes what it means', () => {
    const label = fc.constantFrom('i', 'j', 'k', 'l')
    const operand = fc.array(label, { maxLength: 3 })
    const sizes: Readonly<Record<string, number>> = { i: 2, j: 3, k: 1, l: 2 }
    fc.assert(
      fc.property(
        fc.array(operand, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.infiniteStream(fc.integer({ min: -3, max: 3 })),
        (operands, mask, numbers) => {
          const all = [...new Set(operands.flat())]
          const output = all.filter((_, at) => ((mask >> at) & 1) === 1).reverse()
          const arrays = operands.map((labels) => {
            const shape = labels.map((name) => sizes[name] as number)
            const count = shape.reduce((product, size) => product * size, 1)
            return {
              shape,
              values: Float64Array.from({ length: count }, () => numbers.next().value as number),
            }
          })
          const text = `${operands.map((labels) => labels.join('')).join(',')}->${output.join('')}`
          const result = einsum(parseEinsum(text), arrays)
          expect(result.shape).toEqual(output.map((name) => sizes[name]))
          expect([...result.values].map((value) => value + 0)).toEqual(
            naive(
              operands.map((labels) => labels.join('')),
              output.join(''),
              arrays,
            ).map((value) => value + 0),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  test('finds the labels of the result where none are told', () => {
    expect(parseEinsum('kj, ji')).toEqual({ operands: [['k', 'j'], ['j', 'i']], output: ['i', 'k'] }) // biome-ignore format: operands side by side
    expect(parseEinsum('ii').output).toEqual([])
  })

  test.each(['ij,jk->iz', 'ij->ii', 'i1->i', 'ij->->i', 'i;j'])('refuses %s', (text) => {
    expect(() => parseEinsum(text)).toThrow(
      expect.objectContaining({ code: 'SYNTAX', position: expect.anything() }),
    )
  })

  test('refuses arrays that do not fit', () => {
    const vector = { values: Float64Array.of(1, 2), shape: [2] }
    const other = { values: Float64Array.of(1, 2, 3), shape: [3] }
    const refused = expect.objectContaining({ code: 'ARGUMENT' })
    expect(() => einsum(parseEinsum('i,i'), [vector, other])).toThrow(refused)
    expect(() => einsum(parseEinsum('i,i'), [vector])).toThrow(refused)
    expect(() => einsum(parseEinsum('ij'), [vector])).toThrow(refused)
  })
})
