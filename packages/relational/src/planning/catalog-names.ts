import { SheafError } from '@sheafdb/core'

const PACKAGES: Readonly<Record<string, string>> = {
  cypher: 'graph',
  sparql: 'rdf',
  mongo: 'document',
  nearest: 'tensor',
  kv: 'kv',
}

/** Tells which package brings a table function that is not there. @throws `MISSING_DEPENDENCY` */
export function checkPackage(name: string): void {
  const model = PACKAGES[name.toLowerCase()]
  if (model === undefined) return
  throw new SheafError(
    'MISSING_DEPENDENCY',
    `The table function ${name} needs another model. Install @sheafdb/${model} and pass ${model}() to openStore.`,
  )
}

/** Tells whether a relation is one of those in which DuckDB shows its catalog. */
export function isCatalogRelation({
  name,
  schema,
}: {
  readonly name: string
  readonly schema: string
}): boolean {
  return /^(information_schema|pg_catalog)$/i.test(schema) || /^(duckdb_|sqlite_|pragma_)/i.test(name)
}

/** Tells whether a table function shows DuckDB's catalog. */
export function isCatalogFunction({ name }: { readonly name: string }): boolean {
  return /^(duckdb_|pragma_)/i.test(name)
}
