/**
 * Is the graph model of Sheaf: nodes with labels, relationships with a type, properties on both, in openCypher.
 */

export type { BulkResult, EdgeOptions, EndReference, LoadOptions } from './api/bulk.ts'
export type { CsvOptions } from './api/exchange.ts'
export type { Graph, NeighborOptions, PathOptions } from './api/graph.ts'
export type { Parameters } from './api/statements.ts'
export type { ViewDefinition } from './api/view.ts'
export type { GraphFormat } from './formats/graph-data.ts'
export type { Procedure, ProcedureField } from './functions/procedure.ts'
export { type GraphApi, graph } from './model.ts'
export { PointValue } from './spatial/point.ts'
export { Duration } from './temporal/duration.ts'
export {
  DateTimeValue,
  DateValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
} from './temporal/instants.ts'
export type { Counters } from './update/session.ts'
export { NodeValue, PathValue, type Properties, RelationshipValue } from './values.ts'
