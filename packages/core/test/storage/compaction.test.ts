import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideCompaction, type SegmentFacts } from '../../src/storage/compaction.ts'

const MIB = 1 << 20

function segment(id: number, facts: Partial<SegmentFacts> = {}): SegmentFacts {
  return { id, rowCount: 1000, sizeBytes: MIB, deadCount: 0, compressed: true, ...facts }
}

describe('compaction', () => {
  test('leaves a few segments alone, and merges four of about one size', () => {
    const segments = [1, 2, 3].map((id) => segment(id))
    expect(decideCompaction(segments, { full: false })).toEqual([])
    expect(decideCompaction([...segments, segment(4)], { full: false })).toEqual([[1, 2, 3, 4]])
    const unlike = [...segments, segment(4, { sizeBytes: 40 * MIB })]
    expect(decideCompaction(unlike, { full: false })).toEqual([])
  })

  test('writes a segment with many dead rows anew, alone', () => {
    expect(decideCompaction([segment(1, { deadCount: 400 })], { full: false })).toEqual([[1]])
    expect(decideCompaction([segment(1, { deadCount: 100 })], { full: false })).toEqual([])
  })

  test('merges everything that is small when it is full, and compresses what is not', () => {
    const large = { rowCount: 900_000, sizeBytes: 200 * MIB }
    const segments = [segment(1), segment(2, large), segment(3), segment(4, { ...large, compressed: false })]
    expect(decideCompaction(segments, { full: true })).toEqual([[1, 3], [4]])
  })

  test('never makes more than the limits allow, nor names a segment twice', () => {
    const facts = fc.record({
      rowCount: fc.integer({ min: 1, max: 100 }),
      sizeBytes: fc.integer({ min: 1, max: 100 }),
      deadPart: fc.double({ min: 0, max: 1, noNaN: true }),
      compressed: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(facts), fc.boolean(), (all, full) => {
        const segments = all.map((each, id) => ({
          id,
          ...each,
          deadCount: Math.floor(each.rowCount * each.deadPart),
        }))
        const groups = decideCompaction(segments, { full, limits: { rowCount: 120, sizeBytes: 120 } })
        const named = groups.flat()
        expect(new Set(named).size).toBe(named.length)
        for (const group of groups.filter((each) => each.length > 1)) {
          const rows = group.map((id) => segments[id] as SegmentFacts)
          expect(rows.reduce((sum, each) => sum + each.rowCount - each.deadCount, 0)).toBeLessThanOrEqual(120)
        }
      }),
    )
  })
})
