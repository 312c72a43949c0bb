import { sourceError } from '@sheafdb/core'
import { relocate } from '../duckdb/errors.ts'
import type { Statement } from '../language/statement.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { copy } from './copy.ts'
import { alterTable, createIndex, createTable, createView, drop } from './define.ts'
import { insert } from './insert.ts'
import { merge } from './merge.ts'
import { createObject } from './objects.ts'
import { qualifyStatement } from './qualify.ts'
import { readWithSequences, takesNumbers } from './read-sequences.ts'
import { alterSequence } from './sequence.ts'
import { describe, explain, showSchemas, showTables, tableInfo } from './show.ts'
import { remove, update } from './update.ts'

type Run<Kind extends Statement['kind']> = (
  statement: Extract<Statement, { kind: Kind }>,
  given: StatementContext,
  text: string,
) => StatementResult | Promise<StatementResult>

const RUN: { readonly [Kind in Statement['kind']]: Run<Kind> } = {
  query: ({ query }, given) => runQuery(query.text, given),
  explain: ({ query, analyze }, given) => explain(query, analyze, given),
  describe: ({ query }, given) => describe(query, given),
  'show-tables': (_, given) => showTables(given),
  'show-schemas': (_, given) => showSchemas(given),
  'table-info': ({ table }, given) => tableInfo(table, given),
  'create-table': createTable,
  'create-view': createView,
  'create-index': createIndex,
  'create-object': createObject,
  'alter-table': alterTable,
  'alter-sequence': alterSequence,
  merge,
  setting: ({ name, offset }, _, text) => {
    throw sourceError(
      'UNSUPPORTED',
      `Settings belong to a connection. Use store.relational.session(), or pass options to relational(…): ${name}`,
      { text, offset },
    )
  },
  drop,
  insert,
  update,
  delete: remove,
  copy,
  transaction: (_, __, text) => {
    throw sourceError(
      'UNSUPPORTED',
      'Transactions as SQL text need a session. Use store.relational.session(), or store.transaction(…).',
      { text, offset: 0 },
    )
  },
  unsupported: ({ head, offset, known }, _, text) => {
    const [code, sentence] = known
      ? (['UNSUPPORTED', `Statements of this kind are not there yet: ${head}. Use another way`] as const)
      : (['SYNTAX', `Syntax error at or near "${head}"`] as const)
    throw sourceError(code, `${sentence}.`, { text, offset, detail: 'Parser Error' })
  },
}

/** Runs a statement. */
export async function runStatement(
  statement: Statement,
  given: StatementContext,
  text: string,
): Promise<StatementResult> {
  try {
    const { schema } = given.settings
    const qualified = schema === '' ? statement : qualifyStatement(statement, schema, given.context.catalog())
    return await (RUN[qualified.kind] as Run<Statement['kind']>)(qualified as never, given, text)
  } catch (error) {
    throw relocate(error, text)
  }
}

async function runQuery(text: string, given: StatementContext): Promise<StatementResult> {
  const { parameters, relations, context } = given
  const { plan } = await given.planner.plan(text, { parameters, ...(relations && { relations }) })
  if (takesNumbers(plan)) {
    const taken = await readWithSequences(plan, given)
    return { rowsAffected: 0, query: context.query(() => taken) }
  }
  return { rowsAffected: 0, query: context.query(() => plan, { parameters }) }
}
