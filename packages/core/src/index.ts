/**
 * Is the core of Sheaf: open a store, query it in any model's language, and write models of your own.
 */

export { type Adjacency, buildAdjacency } from './catalog/adjacency.ts'
export { buildCsr, type CsrIndex } from './catalog/csr.ts'
export type {
  CollectionDefinition,
  RowBatch,
  TableDefinition,
  TableSpecification,
} from './catalog/definition.ts'
export { tableName } from './catalog/definition.ts'
export type * from './catalog/engine.ts'
export type { IndexSpecification } from './catalog/index-definition.ts'
export type * from './catalog/keyed-reader.ts'
export type * from './catalog/spill.ts'
export type * from './catalog/table-source.ts'
export type * from './catalog/table-store.ts'
export type * from './catalog/vector-index.ts'
export { type AggregateDefinition, hasAggregate, registerAggregates } from './expression/aggregates.ts'
export * from './expression/build.ts'
export { explainExpression } from './expression/explain.ts'
export type * from './expression/expression.ts'
export { castTarget } from './expression/functions/cast.ts'
export { defineMember, readMember } from './expression/functions/nested.ts'
export {
  type Evaluate,
  type FunctionDefinition,
  functionNamed,
  hasFunction,
  registerFunctions,
} from './expression/registry.ts'
export {
  AggregateBuilder,
  agg,
  bindExpression,
  ColumnBuilder,
  col,
  columnResolver,
  count,
  lit,
  max,
  mean,
  min,
  type Operand,
  sum,
  type UnboundExpression,
} from './expression/unbound.ts'
export {
  hasWindowFunction,
  registerWindowFunctions,
  type WindowFunctionDefinition,
  type WindowRows,
} from './expression/window-functions.ts'
export { type CollectionMethods, checkName, collectionMethods } from './model/collections.ts'
export type {
  FileAccess,
  FileOptions,
  Model,
  ModelApi,
  ModelApis,
  ModelContext,
  Relation,
  TableFunction,
} from './model/model.ts'
export {
  type ExplainOptions,
  Grouping,
  Query,
  type QueryOptions,
  type QuerySession,
  type RunOptions,
} from './model/query.ts'
export { tablePlan } from './model/relations.ts'
export type { RowDecoder } from './model/rows.ts'
export type {
  Change,
  ChangesOptions,
  Durability,
  OpenOptions,
  Session,
  Store,
  StoreSnapshot,
  StoreStats,
  Transaction,
} from './model/store-api.ts'
export { isArrowTable, type TabularSource, valuesOf } from './model/tabular.ts'
export { type WaitingWrite, WriteGroups } from './model/write-groups.ts'
export { apply } from './plan/apply.ts'
export * from './plan/build.ts'
export { explainPlan } from './plan/explain.ts'
export { crossSets, cube, groupingOf, groupingSets, rollup } from './plan/grouping.ts'
export type * from './plan/logical-plan.ts'
export { bindParameters } from './plan/parameters.ts'
export { except, intersect, union } from './plan/set-operations.ts'
export {
  freeOuters,
  mapPlan,
  parametersOf,
  planExpressions,
  planInputs,
  visitPlan,
  withFreshIds,
} from './plan/traverse.ts'
export {
  DEFAULT_FRAME,
  frameRows,
  rangeBound,
  WHOLE_PARTITION,
  window,
  windowExpression,
  windowFrame,
} from './plan/window.ts'
export { openStore } from './store.ts'
export { type RepairReport, repairStore } from './transaction/repair.ts'
export type { RetentionOptions } from './transaction/retention.ts'
export {
  batchToRecordBatch,
  columnFromData,
  columnToData,
  recordBatchToBatch,
  schemaOf,
} from './types/arrow.ts'
export * from './types/column.ts'
export {
  columnFromValues,
  dateToUnits,
  describeValue,
  makeNumberArray,
  validityOf,
} from './types/column-builder.ts'
export { concatColumns } from './types/concat.ts'
export * from './types/data-type.ts'
export { decimalText } from './types/decimal.ts'
export * from './types/errors.ts'
export * from './types/half.ts'
export * from './types/key-encoding.ts'
export { headColumn, MISSING, takeColumn } from './types/take.ts'
export * from './types/value.ts'
export * from './types/variant/index.ts'
