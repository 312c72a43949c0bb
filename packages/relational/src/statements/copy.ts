import { SheafError } from '@sheafdb/core'
import type { Copy } from '../language/statement.ts'
import type { StatementContext, StatementResult } from './context.ts'

/** Runs COPY. */
export async function copy(statement: Copy, _given: StatementContext): Promise<StatementResult> {
  throw new SheafError('UNSUPPORTED', `COPY is not there yet: ${statement.path}`)
}
