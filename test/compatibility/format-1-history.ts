/** The history that wrote the store kept in `format-1`: every layout, each kind of file. */
import { applyStep, type Model, type Row, type Step } from '../../packages/core/test/transaction/history.ts'

function rowOf(id: number): Row {
  const present = id % 4 !== 3
  return {
    id,
    name: present ? ['Ada', 'Grace', 'Zoë', ''][id % 4] : null,
    score: present ? id / 3 : null,
    flag: present ? id % 2 === 0 : null,
    data: present ? Uint8Array.of(id, 255 - id) : null,
    big: id % 5 === 0 ? 2n ** 60n + BigInt(id) : id,
    extra: present
      ? { id, text: `t${id % 3}`, list: [1, 'x', null], nested: { deep: { flag: true } } }
      : null,
    tags: present ? ['a', null, `tag ${id % 2}`].slice(0, id % 4) : null,
    vector: present ? [id, -id] : null,
    amount: present ? 10n ** 18n + BigInt(id) : null,
    at: present ? 1_700_000_000_000_000 + id : null,
    inner: present ? { a: id, b: id % 2 === 0 ? null : `b${id}` } : null,
  }
}

const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, at) => rowOf(from + at))

/** Is what was done, in order. */
export const stepsOfFormat1: readonly Step[] = [
  { kind: 'insert', rows: rows(0, 60) },
  { kind: 'insert', rows: rows(60, 80) },
  { kind: 'delete', ids: [3, 7] },
  { kind: 'compact', full: true },
  { kind: 'insert', rows: rows(80, 90) },
  { kind: 'rename', ids: [1, 85], name: 'renamed' },
  { kind: 'compact', full: false },
  { kind: 'insert', rows: rows(90, 95) },
  { kind: 'delete', ids: [90, 2] },
]

/** Is what the store holds. */
export const rowsOfFormat1: Model = stepsOfFormat1.reduce<Model>(applyStep, new Map())
