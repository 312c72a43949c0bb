import { DuckDBTableFunction, VARCHAR } from '@duckdb/node-api'
import { type Batch, batchRowCount } from '@sheafdb/core'
import { writeColumn } from './column-writer.ts'
import { type DuckSession, type RelationSource, SCAN_FUNCTION } from './session.ts'

/** Rows that a chunk of DuckDB holds. */
const CHUNK_ROWS = 2048

type BindState = { readonly session: DuckSession; readonly relation: RelationSource }

type ScanState = {
  readonly columns: readonly number[]
  readonly batches: Iterator<Batch>
  batch: Batch | null
  at: number
}

/**
 * Makes the table function that gives a session's relations to DuckDB. DuckDB calls it on this thread, so inputs run
 * without waiting. It asks for the columns it needs only.
 */
export function makeScanFunction(sessionOf: (id: number) => DuckSession | undefined): DuckDBTableFunction {
  return DuckDBTableFunction.create({
    name: SCAN_FUNCTION,
    parameterTypes: [VARCHAR],
    supportsProjectionPushdown: true,
    bindFunction: (info) => {
      const session = sessionOf(info.clientContext.connectionId)
      const name = String(info.getParameter(0))
      const relation = session?.relations.get(name)
      if (session === undefined || relation === undefined) {
        info.setError(`the relation ${name} is not part of this query`)
        return
      }
      for (const column of relation.columns) info.addResultColumn(column.name, column.type)
      if (relation.rowCount !== undefined) info.setCardinality(relation.rowCount, false)
      info.setBindData({ session, relation } satisfies BindState)
    },
    initFunction: (info) => {
      const { session, relation } = info.bindData as BindState
      info.setMaxThreads(1)
      guard(session, info, () => {
        const columns = info.getColumnIndexes()
        const batches = relation
          .scan(columns.filter((index) => index < relation.columns.length))
          [Symbol.iterator]()
        info.setInitData({ columns, batches, batch: null, at: 0 } satisfies ScanState)
      })
    },
    mainFunction: (info, chunk) => {
      const { session, relation } = info.bindData as BindState
      guard(session, info, () => {
        const state = info.initData as ScanState
        const batch = nextRows(state)
        if (batch === null) {
          chunk.rowCount = 0
          return
        }
        const count = Math.min(CHUNK_ROWS, batchRowCount(batch) - state.at)
        chunk.rowCount = count
        let column = 0
        state.columns.forEach((asked, index) => {
          // DuckDB asks for an index past the end where it needs the count of rows alone.
          if (asked >= relation.columns.length) return
          writeColumn(chunk, index, batch.columns[column] as Batch['columns'][number], {
            at: state.at,
            count,
            selection: batch.selection,
          })
          column += 1
        })
        state.at += count
      })
    },
  })
}

/** Gives the batch that has rows left, or `null` at the end. */
function nextRows(state: ScanState): Batch | null {
  while (state.batch === null || state.at >= batchRowCount(state.batch)) {
    const next = state.batches.next()
    if (next.done) return null
    state.batch = next.value
    state.at = 0
  }
  return state.batch
}

/** Keeps what an input threw, for the query to throw it again, and tells DuckDB to stop. */
function guard(session: DuckSession, info: { setError(message: string): void }, work: () => void): void {
  try {
    work()
  } catch (error) {
    session.failure = error
    info.setError('an input of the query failed')
  }
}
