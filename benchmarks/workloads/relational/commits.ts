import type { Workload } from '../../src/workload.ts'
import { MODES, openSqlite, openTables, orderAt, orderTable, within } from './tables.ts'

const COMMITS = 1000
const TEXT = 'INSERT INTO orders VALUES ($1, $2, $3, $4)'

const prepare =
  (together: boolean): Workload['prepare'] =>
  async (folder) => {
    const { sql, close } = await openTables(folder)
    await sql.run(orderTable('orders'))
    const sqlite = openSqlite(folder)
    sqlite.exec(orderTable('orders'))
    const insert = sqlite.prepare('INSERT INTO orders VALUES (?, ?, ?, ?)')
    let sheafRound = 0
    let sqliteRound = 0
    return [
      {
        engine: 'Sheaf',
        mode: MODES.sheaf,
        run: async () => {
          const from = sheafRound * COMMITS
          sheafRound += 1
          const issued: Promise<unknown>[] = []
          for (let id = from; id < from + COMMITS; id += 1) {
            const row = orderAt(id)
            const done = sql.run(TEXT, [row.id, row.customer, row.status, row.total])
            if (together) issued.push(done)
            else await done
          }
          await Promise.all(issued)
          return COMMITS
        },
        close,
      },
      {
        engine: 'SQLite',
        mode: MODES.sqlite,
        run: () => {
          const from = sqliteRound * COMMITS
          sqliteRound += 1
          for (let id = from; id < from + COMMITS; id += 1) {
            const row = orderAt(id)
            insert.run(row.id, row.customer, row.status, row.total)
          }
          return COMMITS
        },
        close: () => sqlite.close(),
      },
    ]
  }

/** Inserts rows, each in a commit that is awaited before the next. */
export const relationalCommits: Workload = {
  name: 'relational-commits-alone',
  title: `SQL: durable single-row inserts awaited one by one (${COMMITS})`,
  asked: { text: 'no slower than SQLite', reached: (medians) => within(medians, 'SQLite') },
  runs: 7,
  warmups: 2,
  prepare: prepare(false),
}

/** Inserts rows, each in a commit of its own, all issued before the first is awaited. */
export const relationalCommitsTogether: Workload = {
  name: 'relational-commits-together',
  title: `SQL: durable single-row inserts issued together (${COMMITS})`,
  asked: { text: '10 times SQLite', reached: (medians) => within(medians, 'SQLite', 1 / 10) },
  runs: 7,
  warmups: 2,
  prepare: prepare(true),
}
