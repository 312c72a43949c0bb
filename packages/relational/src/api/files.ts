import type { FileAccess, FileOptions, ModelContext } from '@sheafdb/core'
import type { Copy } from '../language/statement.ts'
import type { StatementContext } from '../statements/context.ts'
import { copyFrom, writeFile } from '../statements/copy.ts'

/** Makes what `store.import` and `store.export` do: COPY by call. */
export function fileAccess(
  contextFor: (context: ModelContext, options: FileOptions) => StatementContext,
): FileAccess {
  return {
    import: (context, path, options) =>
      copyFrom(statement(path, options, 'from'), contextFor(context, options), { creates: true }),
    export: (context, path, options) =>
      writeFile(statement(path, options, 'to'), options.plan, contextFor(context, options)),
  }
}

function statement(path: string, { table, format }: FileOptions, direction: Copy['direction']): Copy {
  const options = format === undefined ? [] : [{ name: 'FORMAT', value: format }]
  return {
    kind: 'copy',
    table: { name: table, offset: 0 },
    query: null,
    columns: null,
    direction,
    path,
    options,
  }
}
