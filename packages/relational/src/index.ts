/**
 * Is the relational model of Sheaf: SQL tables in DuckDB's dialect.
 */

export type { Parameters } from './api/parameters.ts'
export type { RelationalApi, SqlOptions } from './api/relational.ts'
export type { SqlSession } from './api/session.ts'
export type { InsertRows, TableQuery } from './api/table.ts'
export type { DuckOptions } from './duckdb/database.ts'
export { type RelationalOptions, relational } from './model.ts'
export type { StatementResult } from './statements/context.ts'
