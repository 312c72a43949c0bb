import { join } from 'node:path'
import { type Column, columnFromValues, openStore, sum } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import type { Workload } from '../src/workload.ts'

const ROWS = 100_000_000
const PART = 1_000_000

/** Sums an Int32 column of 100 million rows, against a plain loop over the typed array. */
export const sumInt32: Workload = {
  name: 'sum-int32',
  title: 'sum over an Int32 column of 100 M',
  asked: {
    text: '85 % of the speed of a plain loop over the typed array',
    reached: (medians) => (medians.get('typed array') as number) / (medians.get('Sheaf') as number) >= 0.85,
  },
  runs: 9,
  warmups: 3,
  async prepare(folder) {
    const store = await openStore(join(folder, 'sum.sheaf'), { models: [relational()], memoryLimit: 2 ** 31 })
    await store.relational.run('CREATE TABLE numbers (v INTEGER NOT NULL)')
    const all = new Int32Array(ROWS)
    for (let at = 0; at < ROWS; at += 1) all[at] = Math.imul(at, 2654435761) >> 4
    const { type } = columnFromValues(
      (await store.relational('numbers').schema).fields[0]?.type as Column['type'],
      [],
    )
    for (let start = 0; start < ROWS; start += PART * 10) {
      await store.relational('numbers').insert(tableOf(all.subarray(start, start + PART * 10), type))
    }
    const query = store
      .from('numbers')
      .groupBy()
      .agg({ total: sum('v') })
    return [
      { engine: 'Sheaf', run: async () => (await query.rows())[0]?.['total'], close: () => store.close() },
      { engine: 'typed array', run: () => plainSum(all) },
    ]
  },
}

function plainSum(values: Int32Array): number {
  let total = 0
  for (let at = 0; at < values.length; at += 1) total += values[at] as number
  return total
}

import { Field, makeData, RecordBatch, Schema, Struct, Table } from 'apache-arrow'

function tableOf(values: Int32Array, type: Column['type']): Table {
  const schema = new Schema([new Field('v', type, false)])
  const child = makeData({ type, length: values.length, nullCount: 0, data: values } as never)
  const batch = new RecordBatch(
    schema,
    makeData({
      type: new Struct(schema.fields),
      length: values.length,
      nullCount: 0,
      children: [child as never],
    }),
  )
  return new Table(schema, [batch])
}
