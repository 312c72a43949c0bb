import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeletionVector, decodeDeletions, encodeDeletions } from '../../src/storage/deletion-vector.ts'
import { CHUNK_ROWS } from '../../src/storage/part.ts'

describe('a deletion vector', () => {
  test('hides positions from the commit on that deleted them, as a map does', () => {
    const deletion = fc.record({ position: fc.nat(CHUNK_ROWS * 2), commit: fc.integer({ min: 1, max: 9 }) })
    fc.assert(
      fc.property(
        fc.array(deletion, { maxLength: 3000, size: 'max' }),
        fc.integer({ min: 0, max: 9 }),
        (all, at) => {
          const vector = new DeletionVector()
          const map = new Map<number, number>()
          for (const { position, commit } of all) {
            vector.add(position, commit)
            if (!map.has(position)) map.set(position, commit)
          }
          const hidden = new Set([...map].flatMap(([position, commit]) => (commit <= at ? [position] : [])))
          expect(vector.countUpTo(at)).toBe(hidden.size)
          for (let chunk = 0; chunk < 2; chunk += 1) {
            const selection = vector.selection(chunk, CHUNK_ROWS, at)
            const shown = selection?.length ?? CHUNK_ROWS
            const inChunk = [...hidden].filter((position) => Math.floor(position / CHUNK_ROWS) === chunk)
            expect(CHUNK_ROWS - shown).toBe(inChunk.length)
            expect(inChunk.some((position) => selection?.includes(position - chunk * CHUNK_ROWS))).toBe(false)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  test('is kept in a file up to a commit', () => {
    const vector = new DeletionVector()
    vector.add(70_000, 5)
    vector.add(3, 4)
    vector.add(9, 6)
    const read = decodeDeletions(encodeDeletions(vector, 5), 'file')
    const kept: [number, number][] = []
    read.forEach((position, commit) => {
      kept.push([position, commit])
    })
    expect(kept).toEqual([
      [3, 4],
      [70_000, 5],
    ])
    expect(vector.between(4, 6)).toEqual([9, 70_000])
  })

  test('says CORRUPT where its file is damaged', () => {
    const vector = new DeletionVector()
    vector.add(3, 4)
    const bytes = encodeDeletions(vector, 9)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      if (bit >= 64 && bit < 96) continue // The version has its own error.
      const damaged = bytes.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => decodeDeletions(damaged, 'file')).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
    }
    for (const size of [0, 10, bytes.length - 1])
      expect(() => decodeDeletions(bytes.slice(0, size), 'file')).toThrow(
        expect.objectContaining({ code: 'CORRUPT' }),
      )
  })
})
