import type { CatalogView } from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { quoteIdentifier } from '../language/quote.ts'
import { type FoundObject, objectsOf } from '../layout/objects.ts'

/** Is the types and macros that a text uses: the statements that define them, and the relations that macros name. */
export type Definitions = {
  readonly statements: readonly string[]
  readonly relations: readonly string[]
  readonly usesMacros: boolean
}

const NONE: Definitions = { statements: [], relations: [], usesMacros: false }

/** Finds the types and macros that a text names, those first that others use. */
export function definitionsFor(catalog: CatalogView, text: string): Definitions {
  const objects = [...objectsOf(catalog, 'type'), ...objectsOf(catalog, 'macro')]
  if (objects.length === 0) return NONE
  const byName = new Map(objects.map((object) => [lastPart(object.name), object]))
  const statements: string[] = []
  const relations = new Set<string>()
  const seen = new Set<string>()
  let usesMacros = false
  const visit = (sql: string): void => {
    for (const token of tokenize(sql)) {
      const object = byName.get(token.name.toLowerCase())
      if (object === undefined || seen.has(object.name)) continue
      seen.add(object.name)
      visit(object.options.sql)
      statements.push(definitionOf(object))
      if (object.options.kind !== 'macro') continue
      usesMacros = true
      for (const name of object.options.relations) relations.add(name)
    }
  }
  visit(text)
  return { statements, relations: [...relations], usesMacros }
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}

/** Writes the statement that defines a type or macro in DuckDB. */
export function definitionOf({
  name,
  options,
}: Pick<FoundObject<'type' | 'macro'>, 'name' | 'options'>): string {
  const head = `CREATE OR REPLACE ${options.kind.toUpperCase()} ${quoteIdentifier(name.slice(name.lastIndexOf('.') + 1))}`
  return options.kind === 'type' ? `${head} AS ${options.sql}` : `${head}${options.sql}`
}
