import { describe, expect, test } from 'vitest'
import { findAnomalies, type IsolationLevel, type ListTransaction } from './list-append.ts'

/** Reads `r0:1,2` (key 0 was 1, 2) and `a0:3` (3 appended to key 0), from a time to a time. */
function transaction(
  text: string,
  [begunAt, endedAt]: readonly [number, number],
  outcome: ListTransaction['outcome'] = 'committed',
): ListTransaction {
  const actions = text.split(' ').map((word) => {
    const key = Number(word[1])
    const numbers = word.slice(3) === '' ? [] : word.slice(3).split(',').map(Number)
    return word[0] === 'r'
      ? ({ kind: 'read', key, list: numbers } as const)
      : ({ kind: 'append', key, element: numbers[0] as number } as const)
  })
  return { actions, outcome, begunAt, endedAt }
}

type Case = {
  readonly name: string
  readonly history: readonly ListTransaction[]
  readonly final: readonly (readonly number[])[]
  readonly found: Readonly<Partial<Record<IsolationLevel, string>>>
}

const BESIDE = [0, 9] as const

const CASES: readonly Case[] = [
  {
    name: 'one after the other is sound',
    history: [transaction('a0:1 a1:2', [0, 1]), transaction('r0:1 a0:3 r1:2', [2, 3])],
    final: [[1, 3], [2]],
    found: {},
  },
  {
    name: 'a lost append',
    history: [transaction('a0:1', [0, 1])],
    final: [[]],
    found: { snapshot: 'lost', serializable: 'lost' },
  },
  {
    name: 'half a transaction',
    history: [transaction('a0:1 a1:2', BESIDE, 'unknown')],
    final: [[1], []],
    found: { snapshot: 'half', serializable: 'half' },
  },
  {
    name: 'an aborted read',
    history: [transaction('a0:1', BESIDE, 'aborted'), transaction('r0:1', BESIDE)],
    final: [[]],
    found: { snapshot: 'G1a', serializable: 'G1a' },
  },
  {
    name: 'an intermediate read',
    history: [transaction('a0:1 a0:2', BESIDE), transaction('r0:1', BESIDE)],
    final: [[1, 2]],
    found: { snapshot: 'G1b', serializable: 'G1b' },
  },
  {
    name: 'circular information flow',
    history: [transaction('a0:1 r1:2', BESIDE), transaction('a1:2 r0:1', BESIDE)],
    final: [[1], [2]],
    found: { snapshot: 'G1c', serializable: 'G1c' },
  },
  {
    name: 'a write cycle',
    history: [transaction('a0:1 a1:2', BESIDE), transaction('a0:3 a1:4', BESIDE)],
    final: [
      [1, 3],
      [4, 2],
    ],
    found: { snapshot: 'G1c', serializable: 'G1c' },
  },
  {
    name: 'a lost update',
    history: [transaction('r0: a0:1', BESIDE), transaction('r0: a0:2', BESIDE)],
    final: [[1, 2]],
    found: { snapshot: 'G-SI', serializable: 'G-SI' },
  },
  {
    name: 'read skew',
    history: [transaction('r0: r1:2', BESIDE), transaction('a0:1 a1:2', BESIDE)],
    final: [[1], [2]],
    found: { snapshot: 'G-SI', serializable: 'G-SI' },
  },
  {
    name: 'a stale read after an acknowledgement',
    history: [transaction('a0:1', [0, 1]), transaction('r0:', [2, 3])],
    final: [[1]],
    found: { snapshot: 'G-SI', serializable: 'G-SI' },
  },
  {
    name: 'write skew',
    history: [transaction('r0: r1: a0:1', BESIDE), transaction('r0: r1: a1:2', BESIDE)],
    final: [[1], [2]],
    found: { serializable: 'G2' },
  },
  {
    name: 'a read-only transaction that sees an order that is none',
    history: [
      transaction('r0: r1: a0:1', [0, 9]),
      transaction('a1:2', [1, 2]),
      transaction('r0: r1:2', [3, 4]),
    ],
    final: [[1], [2]],
    found: { serializable: 'G2' },
  },
]

describe('the list-append checker', () => {
  for (const { name, history, final, found } of CASES) {
    for (const level of ['snapshot', 'serializable'] as const) {
      const expected = found[level]
      test(`${name}: ${expected ?? 'nothing'} at ${level}`, () => {
        const problems = findAnomalies(history, new Map(final.map((list, key) => [key, list])), level)
        if (expected === undefined) expect(problems).toEqual([])
        else expect(problems.join()).toContain(expected)
      })
    }
  }
})
