import type { CatalogView } from '@sheafdb/core'
import type { RelationName, Statement } from '../language/statement.ts'
import { findObject } from '../layout/objects.ts'
import { findCollection } from '../layout/relations.ts'

/** Puts the session's schema before the names that a statement writes to: all that it makes, others where they are there. */
export function qualifyStatement(statement: Statement, schema: string, catalog: CatalogView): Statement {
  if (schema === '') return statement
  const made = (relation: RelationName): RelationName =>
    relation.schema !== undefined || relation.isMain
      ? relation
      : { ...relation, name: `${schema}.${relation.name}`, schema }
  const there = (relation: RelationName): RelationName => {
    const full = made(relation)
    return findCollection(catalog, full.name) === undefined ? relation : full
  }
  switch (statement.kind) {
    case 'create-table':
      return { ...statement, table: made(statement.table) }
    case 'create-view':
      return { ...statement, view: made(statement.view) }
    case 'create-object':
      return statement.object === 'schema' ? statement : { ...statement, name: made(statement.name) }
    case 'create-index':
    case 'alter-table':
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
      return { ...statement, table: there(statement.table) }
    case 'copy':
      return statement.table === null ? statement : { ...statement, table: there(statement.table) }
    case 'alter-sequence':
      return {
        ...statement,
        sequence:
          findObject(catalog, 'sequence', made(statement.sequence).name) === undefined
            ? statement.sequence
            : made(statement.sequence),
        owner: there(statement.owner),
      }
    case 'drop': {
      const { object } = statement
      if (object === 'schema' || object === 'index') return statement
      const isThere = (name: string) =>
        object === 'table' || object === 'view'
          ? findCollection(catalog, name) !== undefined
          : findObject(catalog, object, name) !== undefined
      return {
        ...statement,
        names: statement.names.map((name) => (isThere(made(name).name) ? made(name) : name)),
      }
    }
    default:
      return statement
  }
}
