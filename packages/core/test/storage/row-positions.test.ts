import { describe, expect, it } from 'vitest'
import { RowPositions } from '../../src/storage/row-positions.ts'

const always = () => true

describe.each([
  ['close together', 10],
  ['far apart', 1_000_000],
])('row ids that lie %s', (_, distance) => {
  const rows = [7, 3, 9, 3, 8, 3].map((row) => row * (distance / 10))
  const positions = new RowPositions(Float64Array.from(rows), 3 * (distance / 10), 9 * (distance / 10))

  it('are found at their positions', () => {
    expect(positions.find(rows[0] as number, always)).toBe(0)
    expect(positions.find(rows[2] as number, always)).toBe(2)
    expect(positions.find(rows[4] as number, always)).toBe(4)
  })

  it('are not found where there is none', () => {
    expect(positions.find((rows[0] as number) - 1, always)).toBe(-1)
    expect(positions.find((rows[1] as number) - 1, always)).toBe(-1)
    expect(positions.find((rows[2] as number) + 1, always)).toBe(-1)
  })

  it('of several versions give the first that is accepted', () => {
    const row = rows[1] as number
    expect(positions.find(row, always)).toBe(1)
    expect(positions.find(row, (position) => position > 1)).toBe(3)
    expect(positions.find(row, (position) => position > 3)).toBe(5)
    expect(positions.find(row, () => false)).toBe(-1)
  })
})
