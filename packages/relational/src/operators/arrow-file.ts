import {
  type Batch,
  type ExecutionContext,
  type ExtensionOperator,
  type ExtensionPlan,
  extension,
  type LogicalPlan,
  planField,
  type Steps,
  visitPlan,
} from '@sheafdb/core'
import { readArrowFile, readArrowSchema } from '../formats/arrow-file.ts'

/** Names the operator that reads an Arrow IPC file. */
const ARROW_FILE = 'sql.arrow_file'

type ArrowFileSettings = { readonly path: string }

/** Makes the plan that reads an Arrow IPC file or stream. @throws `IO`, `CORRUPT` */
export async function arrowFilePlan(path: string): Promise<LogicalPlan> {
  const schema = await readArrowSchema(path)
  return extension({
    operator: ARROW_FILE,
    inputs: [],
    expressions: [],
    settings: { path } satisfies ArrowFileSettings,
    output: schema.fields.map((field) => planField(field.name, field.type, field.nullable)),
  })
}

/** Tells whether a plan reads an Arrow file, for which it has to wait. */
export function readsArrowFile(plan: LogicalPlan): boolean {
  let found = false
  visitPlan(plan, (node) => {
    if (node.kind === 'extension' && node.operator === ARROW_FILE) found = true
  })
  return found
}

/** Gives the batches of an Arrow IPC file as they are read. */
export const arrowFileOperator: ExtensionOperator = {
  name: ARROW_FILE,
  *execute(plan: ExtensionPlan, _inputs: readonly Steps[], context: ExecutionContext): Steps {
    const batches = readArrowFile((plan.settings as ArrowFileSettings).path)
    let next: IteratorResult<{ readonly batch: Batch }> | undefined
    let failed: { readonly error: unknown } | undefined
    try {
      for (;;) {
        yield batches.next().then(
          (result) => {
            next = result
          },
          (error: unknown) => {
            failed = { error }
          },
        )
        if (failed !== undefined) throw failed.error
        if (next === undefined || next.done) return
        context.check()
        yield next.value.batch
      }
    } finally {
      // A caller that stops early has its answer: how the file is closed concerns it no more.
      if (next?.done !== true && failed === undefined) batches.return().then(undefined, () => undefined)
    }
  },
}
