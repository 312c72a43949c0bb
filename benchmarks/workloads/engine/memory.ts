import { join } from 'node:path'
import { count, openStore, sum } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import type { Workload } from '../../src/workload.ts'

const ROWS = 2_000_000
const SMALL = 16 * 2 ** 20
const LARGE = 2 ** 31

/** Sorts and groups more than ten times `memoryLimit`: rows are put aside on disk, and the results are the same. */
export const engineMemory: Workload = {
  name: 'engine-memory',
  title: '2 M rows sorted, and grouped by 1 M strings, under 16 MiB',
  asked: {
    text: 'the same rows, in at most 5 times the time without a limit',
    reached: (medians) =>
      (medians.get('Sheaf') as number) / (medians.get('Sheaf without a limit') as number) <= 5,
  },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const path = join(folder, 'memory.sheaf')
    const writer = await openStore(path, { models: [relational()], memoryLimit: LARGE })
    await writer.relational.run('CREATE TABLE t (id BIGINT, k VARCHAR, v DOUBLE)')
    await writer.relational.run(
      `INSERT INTO t SELECT (i * 7919) % ${ROWS}, 'key ' || (i * 31 % ${ROWS / 2}), i / 4.0 FROM range(${ROWS}) r(i)`,
    )
    await writer.close()
    return [
      { engine: 'Sheaf', mode: '16 MiB', run: () => sortAndGroup(path, SMALL) },
      { engine: 'Sheaf without a limit', mode: '2 GiB', run: () => sortAndGroup(path, LARGE) },
    ]
  },
}

async function sortAndGroup(path: string, memoryLimit: number): Promise<unknown> {
  const store = await openStore(path, { models: [relational()], memoryLimit })
  const firsts: number[] = []
  for await (const batch of store.from('t').sort({ id: 'desc' }).batches())
    firsts.push(...Array.from(batch.getChild('id') ?? [], Number).filter((id) => id % 100_000 === 0))
  const groups = store
    .from('t')
    .groupBy('k')
    .agg({ rows: count(), total: sum('v') })
  const totals = await groups
    .groupBy()
    .agg({ groups: count(), rows: sum('rows'), total: sum('total') })
    .rows()
  await store.close()
  return { firsts, totals }
}
