/** The change feed as users see it: rows as objects, tables by the names that queries know them by. */
import type { TableDefinition } from '../catalog/definition.ts'
import type { TableChanges } from '../catalog/table-store.ts'
import { SheafError } from '../types/errors.ts'
import type { ModelContext } from './model.ts'
import { rowsOfBatch } from './rows.ts'
import type { Change } from './store-api.ts'

/** Gives the changes of a commit to the rows of a table, one by one. */
export function* changesOfRows(changes: TableChanges): Generator<Change, void, undefined> {
  const { commit: version, definition, kinds, rowIds } = changes
  const names = definition.fields.map((field) => field.name)
  const before = rowsOfBatch(changes.before, names)
  const after = rowsOfBatch(changes.after, names)
  for (let at = 0; at < kinds.length; at += 1) {
    const kind = kinds[at] as Change['kind']
    yield {
      version,
      table: definition.name,
      kind,
      rowId: rowIds[at] as number,
      ...(kind === 'insert' ? {} : { before: before[at] as Record<string, unknown> }),
      ...(kind === 'delete' ? {} : { after: after[at] as Record<string, unknown> }),
    }
  }
}

/** Tells which tables are meant by names: a table in full, a collection, or a part of one. @throws `NOT_FOUND` */
export function wantedTables(
  context: ModelContext,
  names: readonly string[],
): (definition: TableDefinition) => boolean {
  const known = context
    .catalog()
    .collections()
    .flatMap((collection) => collection.tables)
  for (const name of names) {
    if (!known.some((definition) => isNamed(definition, name)))
      throw new SheafError(
        'NOT_FOUND',
        `There is no table of this name. Those there are (${known.map((table) => table.name).join(', ')}): ${name}`,
      )
  }
  return (definition) => names.some((name) => isNamed(definition, name))
}

function isNamed({ name, collection, part, model }: TableDefinition, wanted: string): boolean {
  return (
    wanted === name ||
    wanted === collection ||
    wanted === `${model}:${collection}` ||
    wanted === `${collection}.${part}`
  )
}

/** Waits for something, or until a signal says to stop. @throws `ABORTED` */
export async function waitFor(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise
  let stop: () => void = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', stop, { once: true })
  })
  await Promise.race([promise, stopped])
  signal.removeEventListener('abort', stop)
  if (signal.aborted) throw new SheafError('ABORTED', 'The feed of changes was stopped.')
}
