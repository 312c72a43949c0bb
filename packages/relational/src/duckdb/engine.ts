import type { DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api'
import {
  type Batch,
  batchRowCount,
  type Column,
  type DataType,
  type Engine,
  type EngineInput,
  type ExecutionContext,
  type ForeignPlan,
  isVariant,
  type LogicalPlan,
  makeBatch,
  type PlanField,
  visitPlan,
} from '@sheafdb/core'
import { readsArrowFile } from '../operators/arrow-file.ts'
import { resultReader } from './column-reader.ts'
import type { DuckDatabase } from './database.ts'
import { codeDictionaries } from './dictionary-codes.ts'
import { parameterValue } from './parameter.ts'
import { relationColumns } from './relation.ts'
import { SEQUENCES_PARAMETER, type SequenceNumbers } from './sequence-functions.ts'
import { bindValue, type DuckSession, type RelationSource } from './session.ts'

/** Names this engine in `foreign` plans. */
export const DUCKDB_ENGINE = 'duckdb'

/** Names the engine for queries that read files. */
export const FILE_ENGINE = 'duckdb-files'

/** Names the engine that writes files: its inputs are read as they are asked for, and not kept. */
export const COPY_ENGINE = 'duckdb-copy'

/** Rows after which a batch of a result is handed on. */
const BATCH_ROWS = 16_384

/** Is the engine that runs `foreign` plans in DuckDB: their text as SQL, their inputs as relations of these names. */
export function duckEngine(database: DuckDatabase, name: string = DUCKDB_ENGINE): Engine {
  return {
    name,
    execute: (plan, inputs, context) => execute(database, plan, inputs, context),
  }
}

async function* execute(
  database: DuckDatabase,
  plan: ForeignPlan,
  inputs: readonly EngineInput[],
  context: ExecutionContext,
): AsyncGenerator<Batch, void, undefined> {
  const keeps = plan.engine !== COPY_ENGINE
  const sources = await Promise.all(
    inputs.map((input, index) => relationSource(plan, input, { index, keeps })),
  )
  const session = await database.acquire()
  const watch = watchLimits(session, context)
  try {
    await session.define(plan.definitions)
    await session.show(sources)
    session.sequences = context.parameters.get(SEQUENCES_PARAMETER) as SequenceNumbers | undefined
    const statement = await session.prepare(plan.text)
    try {
      bindParameters(statement, plan, context)
      yield* results(session, () => statement.stream(), plan, context)
    } finally {
      statement.destroySync()
    }
  } finally {
    watch.end()
    database.release(session)
  }
}

const WATCH_MS = 25

/** Interrupts DuckDB where the query is aborted or runs out of time, between two chunks of its result too. */
function watchLimits(session: DuckSession, context: ExecutionContext): { end(): void } {
  const check = () => {
    try {
      context.check()
    } catch (error) {
      session.failure = error
      session.connection.interrupt()
    }
  }
  const timer = setInterval(check, WATCH_MS).unref()
  context.signal?.addEventListener('abort', check)
  return {
    end: () => {
      clearInterval(timer)
      context.signal?.removeEventListener('abort', check)
      session.failure = undefined
    },
  }
}

/**
 * Gives an input as a relation. One that waits itself (a part that DuckDB runs too) is read before; a table is too, where
 * the engine keeps what it read: that costs little, and tells DuckDB how many rows there are.
 */
async function relationSource(
  plan: ForeignPlan,
  input: EngineInput,
  { index, keeps }: { readonly index: number; readonly keeps: boolean },
): Promise<readonly [string, RelationSource]> {
  const columns = relationColumns(input.output)
  const inputPlan = plan.inputs[index]?.plan
  if (inputPlan === undefined || !(waits(inputPlan) || (keeps && isTable(inputPlan))))
    return [input.name, { columns, scan: (asked) => typedBatches(input, asked) }]
  const read: Batch[] = []
  for await (const batch of input.run()) read.push(typedBatch(batch, input.output))
  const { batches, types } = codeDictionaries(read, input.output)
  return [
    input.name,
    {
      columns: columns.map((column, at) => ({ ...column, type: types.get(at) ?? column.type })),
      rowCount: batches.reduce((sum, batch) => sum + batchRowCount(batch), 0),
      scan: (asked) =>
        batches.map((batch) => ({ ...batch, columns: asked.map((at) => batch.columns[at] as Column) })),
    },
  ]
}

function* typedBatches(input: EngineInput, asked: readonly number[]): Generator<Batch> {
  const fields = asked.map((at) => input.output[at] as PlanField)
  for (const batch of input.runSync(asked)) yield typedBatch(batch, fields)
}

function typedBatch(batch: Batch, fields: readonly PlanField[]): Batch {
  const columns = batch.columns.map((column, at) => asPlanned(column, (fields[at] as PlanField).type))
  return { ...batch, columns }
}

/** Values of any type that a plan knows to be of one are given as values of that. */
function asPlanned(column: Column, type: DataType): Column {
  return column.layout === 'boxed' && isVariant(column.type) && !isVariant(type)
    ? { ...column, type }
    : column
}

/** Tells whether a plan gives a table's columns as they are stored, so that holding its batches costs next to nothing. */
function isTable(plan: LogicalPlan): boolean {
  if (plan.kind === 'scan') return true
  return (
    plan.kind === 'project' &&
    plan.expressions.every((item) => item.expression.kind === 'column') &&
    isTable(plan.input)
  )
}

/** Tells whether a plan has parts that cannot run without waiting. */
function waits(plan: LogicalPlan): boolean {
  let found = readsArrowFile(plan)
  visitPlan(plan, (node) => {
    if (node.kind === 'foreign') found = true
  })
  return found
}

/** Gives a prepared statement the values of its parameters. */
export function bindParameters(
  statement: DuckDBPreparedStatement,
  plan: ForeignPlan,
  context: ExecutionContext,
): void {
  for (let index = 0; index < statement.parameterCount; index += 1) {
    bindValue(statement, index + 1, parameterValue(plan.parameters[index], context.parameters))
  }
}

/** Gives the rows of a result in batches. */
export async function* results(
  session: DuckSession,
  start: () => Promise<DuckDBResult>,
  plan: ForeignPlan,
  context: ExecutionContext,
): AsyncGenerator<Batch, void, undefined> {
  try {
    const result = await start()
    const readers = plan.output.map((field, index) =>
      resultReader(field.type, result.columnType(index), BATCH_ROWS),
    )
    let rowCount = 0
    for (;;) {
      const chunk = await result.fetchChunk()
      context.check()
      if (chunk === null || chunk.rowCount === 0) break
      readers.forEach((reader, index) => {
        reader.append(chunk.getColumnVector(index), chunk.rowCount)
      })
      rowCount += chunk.rowCount
      if (rowCount < BATCH_ROWS) continue
      yield makeBatch(
        readers.map((reader) => reader.finish()),
        rowCount,
      )
      rowCount = 0
    }
    if (rowCount > 0)
      yield makeBatch(
        readers.map((reader) => reader.finish()),
        rowCount,
      )
  } catch (error) {
    throw session.error(error, plan.text)
  }
}
