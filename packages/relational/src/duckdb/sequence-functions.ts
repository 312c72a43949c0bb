import { BIGINT, DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api'
import { SheafError } from '@sheafdb/core'

/** Gives out the numbers of the store's sequences to a statement. */
export type SequenceNumbers = {
  /** Takes the next number. @throws `NOT_FOUND`, `LIMIT` */
  next(name: string): bigint
  /** Gives the number that was taken last. @throws `NOT_FOUND`, `ARGUMENT` where none was */
  current(name: string): bigint
}

/** Is a connection whose statement may take numbers. */
type SequenceSession = { readonly sequences: SequenceNumbers | undefined; failure: unknown }

/** Names the parameter that carries a statement's `SequenceNumbers` to DuckDB; no parameter of SQL has such a name. */
export const SEQUENCES_PARAMETER = 'sheaf:sequences'

const FUNCTIONS = { nextval: 'next', currval: 'current' } as const

/** Makes DuckDB's functions over sequences mean those of the store. */
export const SEQUENCE_MACROS: readonly string[] = Object.keys(FUNCTIONS).map(
  (name) => `CREATE OR REPLACE MACRO ${name}(sequence) AS sheaf_${name}(sequence)`,
)

/** Makes the functions that `nextval` and `currval` call; DuckDB calls them on this thread. */
export function makeSequenceFunctions(
  sessionOf: (id: number) => SequenceSession | undefined,
): DuckDBScalarFunction[] {
  return Object.entries(FUNCTIONS).map(([name, method]) =>
    DuckDBScalarFunction.create({
      name: `sheaf_${name}`,
      returnType: BIGINT,
      parameterTypes: [VARCHAR],
      volatile: true,
      bindFunction: (info) => {
        const session = sessionOf(info.clientContext.connectionId)
        if (session !== undefined) info.setBindData(session)
      },
      mainFunction: (info, input, output) => {
        const session = info.bindData as SequenceSession | undefined
        const names = input.getColumnVector(0)
        try {
          for (let row = 0; row < input.rowCount; row += 1) {
            const numbers = session?.sequences
            if (numbers === undefined)
              throw new SheafError('ARGUMENT', 'Numbers of sequences are taken by statements only. Use run.')
            output.setItem(row, numbers[method](String(names.getItem(row))))
          }
          output.flush()
        } catch (error) {
          if (session !== undefined) session.failure = error
          info.setError('a sequence gives no number')
        }
      },
    }),
  )
}
