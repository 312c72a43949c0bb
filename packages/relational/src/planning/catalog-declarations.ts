import type { CatalogView, CollectionDefinition, ModelContext, PlanField } from '@sheafdb/core'
import { duckTypeOf, sqlTypeName, sqlTypeOf } from '../duckdb/types.ts'
import { partsOfName, quoteIdentifier, quoteRelation } from '../language/quote.ts'
import { objectsOf } from '../layout/objects.ts'
import { isRelation, optionsOf, type TableOptions, type ViewOptions } from '../layout/options.ts'
import { findCollection, MODEL_NAME } from '../layout/relations.ts'
import { declarationOf } from '../statements/table-shape.ts'
import { definitionOf } from './definitions.ts'

/** Is what is declared in a DuckDB that shows a store's catalog. */
export type CatalogDeclarations = {
  readonly statements: readonly string[]
  /** Views, each with a declaration for where its query cannot be read any more. */
  readonly views: readonly { readonly statement: string; readonly otherwise: string }[]
}

/** Writes everything that SQL sees in a store as declarations, those first that others refer to. */
export function catalogDeclarations(context: ModelContext): CatalogDeclarations {
  const catalog = context.catalog()
  const relations = catalog.collections(MODEL_NAME).filter(isRelation)
  const others = context.relationNames().flatMap((name) => {
    const isOwn = name.startsWith(`${MODEL_NAME}:`) || findCollection(catalog, name) !== undefined
    const plan = isOwn ? undefined : context.relation(name)
    return plan === undefined ? [] : [{ name, output: plan.output }]
  })
  const schemas = new Set(objectsOf(catalog, 'schema').map(({ name }) => name))
  for (const { name } of others) {
    const [schema, own] = name.split('.')
    if (schema && own) schemas.add(schema)
  }
  return {
    statements: [
      ...[...schemas].map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`),
      ...objectsOf(catalog, 'type').map(definitionOf),
      ...objectsOf(catalog, 'sequence').map(
        ({ name, options }) =>
          `CREATE SEQUENCE ${quoteRelation(name)} INCREMENT BY ${options.increment} MINVALUE ${options.minimum} MAXVALUE ${options.maximum} START ${options.start}${options.cycle ? ' CYCLE' : ''}`,
      ),
      ...objectsOf(catalog, 'macro')
        .filter(({ options }) => !options.isTable)
        .map(definitionOf),
      ...inOrder(catalog, relations).flatMap(tableStatements),
      ...others.map(
        ({ name, output }) => `CREATE VIEW ${quoteRelation(name)} AS SELECT ${nullColumns(output)}`,
      ),
    ],
    views: relations.flatMap((collection) => viewStatements(collection)),
  }
}

function nullColumns(output: readonly PlanField[]): string {
  return output
    .map(
      (field) =>
        `CAST(NULL AS ${sqlTypeOf(field.type) ?? sqlTypeName(duckTypeOf(field.type))}) AS ${quoteIdentifier(field.name)}`,
    )
    .join(', ')
}

/** Puts tables after those that their foreign keys refer to. */
function inOrder(catalog: CatalogView, relations: readonly CollectionDefinition[]): CollectionDefinition[] {
  const ordered = new Set<CollectionDefinition>()
  const visit = (collection: CollectionDefinition): void => {
    const options = optionsOf(collection)
    if (options.kind !== 'table' || ordered.has(collection)) return
    for (const { table } of options.foreignKeys ?? []) {
      const other = findCollection(catalog, table)
      if (other !== undefined && other.name !== collection.name) visit(other)
    }
    ordered.add(collection)
  }
  for (const collection of relations) visit(collection)
  return [...ordered]
}

function tableStatements(collection: CollectionDefinition): string[] {
  const options = optionsOf(collection) as TableOptions
  const table = quoteRelation(collection.name)
  return [
    `CREATE TABLE ${table} (${declarationOf(withinSchema(collection.name, options))})`,
    ...(options.indexes ?? []).map(({ name, columns, unique }) => {
      const parts = columns.map((column) =>
        options.columns.some((item) => item.name === column) ? quoteIdentifier(column) : `(${column})`,
      )
      return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(name)} ON ${table} (${parts.join(', ')})`
    }),
  ]
}

/** Leaves out the foreign keys that DuckDB cannot declare: those between schemas. */
function withinSchema(name: string, options: TableOptions): TableOptions {
  const [schema] = partsOfName(name)
  const foreignKeys = (options.foreignKeys ?? []).filter(({ table }) => partsOfName(table)[0] === schema)
  return { ...options, foreignKeys }
}

function viewStatements(collection: CollectionDefinition): CatalogDeclarations['views'] {
  const options = optionsOf(collection)
  if (options.kind !== 'view') return []
  const { sql, columns, schema } = options as ViewOptions
  const head = `CREATE VIEW ${quoteRelation(collection.name)}`
  const use = schema === undefined ? '' : `SET schema = ${quoteIdentifier(schema)}; `
  const names = columns.map(quoteIdentifier).join(', ')
  return [
    {
      statement: `${use}${head} (${names}) AS ${sql}`,
      otherwise: `${head} (${names}) AS SELECT ${columns.map(() => 'NULL').join(', ')}`,
    },
  ]
}
