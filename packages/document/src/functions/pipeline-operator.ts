import {
  boxedColumn,
  columnReader,
  type ExecutionContext,
  type ExtensionOperator,
  type Step,
  types,
  type Value,
} from '@sheafdb/core'
import type { StageSyntax } from '../language/syntax.ts'
import { compilePipeline } from '../semantics/pipeline.ts'
import type { Document } from '../semantics/value.ts'
import type { CallSettings } from './calls.ts'
import { bindingsOf, contextOf } from './functions.ts'

/** Is what the operator is told: the stages, and the names of the collections that its further inputs read. */
export type PipelineSettings = {
  readonly stages: readonly StageSyntax[]
  readonly collections: readonly string[]
  readonly call: CallSettings
}

/** Names the operator in plans. */
export const PIPELINE_OPERATOR = 'mongo.pipeline'

/** Is what a document in memory is taken to cost, in bytes. */
const DOCUMENT_BYTES = 500

function* collect(
  steps: Iterator<Step, void, undefined>,
  into: Document[],
  context: ExecutionContext,
): Generator<Step, void, undefined> {
  for (let next = steps.next(); next.done !== true; next = steps.next()) {
    const step = next.value
    if (step === null || step instanceof Promise) {
      yield step
      continue
    }
    const read = columnReader(step.columns[0] as never)
    const count = step.selection === null ? step.length : step.selection.length
    context.reserve(count * DOCUMENT_BYTES)
    for (let at = 0; at < count; at += 1)
      into.push(read(step.selection === null ? at : (step.selection[at] as number)) as Document)
  }
}

/**
 * Runs stages that need all documents at once, in memory. The first input gives the documents; the others those of the
 * collections that `$lookup` and its like read.
 */
export const pipelineOperator: ExtensionOperator = {
  name: PIPELINE_OPERATOR,
  *execute(plan, inputs, context) {
    const { stages, collections, call } = plan.settings as unknown as PipelineSettings
    const [main, ...others] = inputs
    const documents: Document[] = []
    yield* collect(main as never, documents, context)
    const read = new Map<string, Document[]>()
    for (const [index, name] of collections.entries()) {
      const list: Document[] = []
      yield* collect(others[index] as never, list, context)
      read.set(name, list)
    }
    context.check()
    const run = compilePipeline(stages, {
      context: contextOf(call),
      collection: (name) => read.get(name) ?? [],
      requireRoom: (count) => {
        context.reserve(count * DOCUMENT_BYTES)
        context.release(count * DOCUMENT_BYTES)
      },
    })
    const results: Value[] = run(documents, bindingsOf(call))
    const kept = [...read.values()].reduce((sum, list) => sum + list.length, documents.length)
    context.release(kept * DOCUMENT_BYTES)
    if (results.length > 0)
      yield { length: results.length, columns: [boxedColumn(types.variant, results)], selection: null }
  },
}
