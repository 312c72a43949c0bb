import type { SelectStatement } from '../language/syntax.ts'

/** Is a relation that a text names. */
export type NamedTable = { readonly name: string; readonly schema: string }

/** Is a call of a table function in FROM: its name, its arguments in the tree, and its place in the text in bytes. */
export type NamedFunction = {
  readonly name: string
  readonly args: readonly unknown[]
  readonly location: number
}

/** Is what a text names, as far as planning needs to know it. */
export type Names = {
  readonly tables: readonly NamedTable[]
  readonly functions: readonly NamedFunction[]
  /** Every text of the tree in lower case: a column that is not among them is not read. `null` where all may be. */
  readonly words: ReadonlySet<string> | null
}

type Node = { readonly [key: string]: unknown }

/** Collects what a parse tree names. Common table expressions are left out. */
export function namesIn(statement: SelectStatement): Names {
  const tables = new Map<string, NamedTable>()
  const functions: NamedFunction[] = []
  const ctes = new Set<string>()
  const words = new Set<string>()
  const relations = new Set<string>()
  const alone = new Set<string>()
  let all = false
  const visit = (node: unknown): void => {
    if (typeof node === 'string') words.add(node.toLowerCase())
    if (Array.isArray(node)) for (const item of node) visit(item)
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return
    const { type, key, value } = node as Node
    if (typeof key === 'string' && typeof value === 'object' && value !== null && 'query' in value)
      ctes.add(key.toLowerCase())
    if (type === 'BASE_TABLE') addTable(node as Node, tables)
    if (isRelationOf(type))
      relations.add(String((node as Node).alias || (node as Node).table_name).toLowerCase())
    // Columns that are named anew by their place have to be there, all of them.
    if (isRelationOf(type) && ((node as Node).column_name_alias as unknown[] | undefined)?.length) all = true
    if ((node as Node).class === 'COLUMN_REF') {
      const parts = (node as Node).column_names as readonly string[]
      if (parts.length === 1) alone.add((parts[0] as string).toLowerCase())
    }
    if (type === 'TABLE_FUNCTION') addFunction(node as Node, functions)
    if (READS_ALL.has(String(type)) || (node as Node).ref_type === 'NATURAL') all = true
    for (const item of Object.values(node)) visit(item)
  }
  visit(statement.node)
  // The name of a relation, where a column could stand, is its whole row.
  if ([...alone].some((name) => relations.has(name))) all = true
  return {
    tables: [...tables.values()].filter(
      (table) => table.schema !== '' || !ctes.has(table.name.toLowerCase()),
    ),
    functions,
    words: all ? null : words,
  }
}

function isRelationOf(type: unknown): boolean {
  return type === 'BASE_TABLE' || type === 'TABLE_FUNCTION'
}

const READS_ALL: ReadonlySet<string> = new Set([
  'STAR',
  'PIVOT',
  'POSITIONAL_REFERENCE',
  'SHOW_REF',
  'COLUMN_DATA',
])

function addTable(node: Node, tables: Map<string, NamedTable>): void {
  const name = String(node.table_name)
  const schema = node.schema_name ? String(node.schema_name) : ''
  tables.set(`${schema}.${name}`.toLowerCase(), { name, schema })
}

function addFunction(node: Node, functions: NamedFunction[]): void {
  const call = node.function as Node | undefined
  if (call === undefined || typeof call.function_name !== 'string') return
  functions.push({
    name: call.function_name,
    args: (call.children as readonly unknown[] | undefined) ?? [],
    location: Number(node.query_location ?? call.query_location ?? -1),
  })
}
