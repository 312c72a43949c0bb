import type { DataType } from 'apache-arrow'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import type { Column } from '../types/column.ts'

/** Describes a column that a plan gives. */
export type PlanField = {
  readonly id: ColumnId
  /** The display name; columns are told apart by `id` alone. */
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** Names an expression and gives its result an id. */
export type NamedExpression = {
  readonly id: ColumnId
  readonly name: string
  readonly expression: Expression
}

/** Reads a column of a table: a whole field, or the value under a path inside it. */
export type ScanColumn = PlanField & {
  /** The field's name in the table; `_row_id`, `_created` and `_deleted` are fields of every table. */
  readonly field: string
  /** A path inside the field, read by a path-access function of the registry. */
  readonly access?: { readonly function: string; readonly path: readonly (string | number)[] }
}

/** Reads a table. `filters` are predicates over its columns that the scan applies exactly. */
export type ScanPlan = {
  readonly kind: 'scan'
  /** Full name of the table in the catalog. */
  readonly table: string
  readonly columns: readonly ScanColumn[]
  readonly filters: readonly Expression[]
  /** The index that the filters have most use of, chosen by the optimizer; execution reads it where that reads less. */
  readonly index?: string
  /** Columns that only the scan's own filters read, told by the optimizer: rows are given with any values there. */
  readonly filterOnly?: readonly { readonly id: ColumnId }[]
  readonly output: readonly PlanField[]
}

/** Gives rows that the plan carries itself. */
export type ValuesPlan = {
  readonly kind: 'values'
  readonly columns: readonly Column[]
  readonly rowCount: number
  readonly output: readonly PlanField[]
}

/** Gives the rows for which the predicate is true (not false, not null). */
export type FilterPlan = {
  readonly kind: 'filter'
  readonly input: LogicalPlan
  readonly predicate: Expression
  readonly output: readonly PlanField[]
}

/** Computes columns; the output is exactly these. */
export type ProjectPlan = {
  readonly kind: 'project'
  readonly input: LogicalPlan
  readonly expressions: readonly NamedExpression[]
  readonly output: readonly PlanField[]
}

/**
 * Tells which rows a join gives. Semi and anti give the left columns only; `single` is a left join that fails where a
 * left row has more than one match, as a scalar subquery must.
 */
export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross' | 'single'

/** Is an equality between an expression over the left input and one over the right. */
export type JoinKey = {
  readonly left: Expression
  readonly right: Expression
  /** True where null equals null, as in DISTINCT and set operations. */
  readonly nullsEqual?: boolean
}

/** Joins two inputs on equal keys and a residual predicate over both. */
export type JoinPlan = {
  readonly kind: 'join'
  readonly how: JoinKind
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  readonly keys: readonly JoinKey[]
  readonly residual: Expression | null
  /**
   * How the right rows are found, chosen by the optimizer: `row-id` and `key` read them from their table one by one,
   * where the right input is a scan and the keys are its row id or its whole key; `index` reads those that an index of
   * the table has for the keys; else they are hashed.
   */
  readonly access?: 'hash' | 'row-id' | 'key' | 'index'
  /** The index that `access` names, over the right sides of the keys. */
  readonly index?: string
  readonly output: readonly PlanField[]
}

/** Computes an aggregate over the rows of a group. */
export type AggregateExpression = {
  readonly id: ColumnId
  readonly name: string
  /** Name of an aggregate function of the registry of aggregates. */
  readonly function: string
  readonly args: readonly Expression[]
  readonly distinct: boolean
  /** Rows for which this is not true do not take part. */
  readonly filter: Expression | null
  /** The order in which an aggregate that depends on it (a list) sees its rows. */
  readonly order: readonly SortKey[]
  readonly type: DataType
  readonly nullable: boolean
}

/**
 * Groups rows by several sets of the groups at once: `indexes[i]` are the places in `groups` of set i. A group that is
 * not of a set is null in its rows; a set of no groups gives one row even over no rows. ROLLUP and CUBE are such lists.
 */
export type GroupingSets = {
  readonly indexes: readonly (readonly number[])[]
  /** A column for the index of the set that a row belongs to (Int64), from which GROUPING is told; `null` for none. */
  readonly set: PlanField | null
}

/**
 * Groups rows by expressions; with no groups, gives one row. Output: groups, then aggregates, then the index of the
 * grouping set where it is asked for.
 */
export type AggregatePlan = {
  readonly kind: 'aggregate'
  readonly input: LogicalPlan
  readonly groups: readonly NamedExpression[]
  readonly aggregates: readonly AggregateExpression[]
  /** `null` for the one set of all groups. */
  readonly sets: GroupingSets | null
  /** Places of groups whose values follow from those of the others, told by the optimizer: nothing is grouped by them. */
  readonly determined?: readonly number[]
  readonly output: readonly PlanField[]
}

/** Says where a frame starts or ends, seen from the row that it is of. */
export type FrameBound =
  | { readonly kind: 'unbounded-preceding' | 'current-row' | 'unbounded-following' }
  | {
      readonly kind: 'preceding' | 'following'
      /**
       * Computed on the row. In a frame of rows or groups how many of them; in a range the value of the sort key at
       * which the frame starts or ends (the row's own key less or plus an offset): any type with an order has frames.
       */
      readonly value: Expression
    }

/** Says which rows of its partition a window function sees. */
export type WindowFrame = {
  /** Counts rows, rows apart in the sort key's value, or groups of rows with equal sort keys. */
  readonly unit: 'rows' | 'range' | 'groups'
  readonly start: FrameBound
  readonly end: FrameBound
  /** Leaves out the row itself, its peers with it, or its peers but not itself. */
  readonly exclude: 'none' | 'current-row' | 'group' | 'ties'
}

/** Computes a window function, or an aggregate over a frame, for each row. */
export type WindowExpression = {
  readonly id: ColumnId
  readonly name: string
  /** Name of a function of the registry of window functions, or of an aggregate. */
  readonly function: string
  readonly args: readonly Expression[]
  /** For aggregates: takes each distinct list of arguments once. */
  readonly distinct: boolean
  /** For aggregates: rows for which this is not true do not take part. */
  readonly filter: Expression | null
  /** For aggregates and the values of a frame: the order in which rows are taken, where it is not the window's. */
  readonly order: readonly SortKey[]
  /** True leaves out rows whose first argument is null. */
  readonly ignoreNulls: boolean
  readonly frame: WindowFrame
  readonly type: DataType
  readonly nullable: boolean
}

/**
 * Computes functions over the rows around each row: those with equal partition expressions, in an order. Output: the
 * input's columns, then the functions. In which order the rows come is not defined.
 */
export type WindowPlan = {
  readonly kind: 'window'
  readonly input: LogicalPlan
  readonly partition: readonly Expression[]
  readonly order: readonly SortKey[]
  readonly functions: readonly WindowExpression[]
  readonly output: readonly PlanField[]
}

/** Sorts by the one total order of values, in which NaN stands before every other number unless it is wanted last. */
export type SortKey = {
  readonly expression: Expression
  readonly descending: boolean
  readonly nullsFirst: boolean
  /** True where NaN counts as greater than every other number. */
  readonly nansLast: boolean
}

/** Sorts rows; rows with equal keys keep their order. */
export type SortPlan = {
  readonly kind: 'sort'
  readonly input: LogicalPlan
  readonly keys: readonly SortKey[]
  readonly output: readonly PlanField[]
}

/** Skips `offset` rows, then gives `count` rows; both are literals or parameters, `null` for none. */
export type LimitPlan = {
  readonly kind: 'limit'
  readonly input: LogicalPlan
  readonly offset: Expression | null
  readonly count: Expression | null
  readonly output: readonly PlanField[]
}

/** Gives each distinct row once, nulls being equal. */
export type DistinctPlan = {
  readonly kind: 'distinct'
  readonly input: LogicalPlan
  readonly output: readonly PlanField[]
}

/** Gives the rows of all inputs. `columns[i]` are the ids of input i that make the output, in its order. */
export type UnionPlan = {
  readonly kind: 'union'
  readonly inputs: readonly LogicalPlan[]
  readonly columns: readonly (readonly ColumnId[])[]
  readonly output: readonly PlanField[]
}

/**
 * Gives the rows that are in both inputs, or in the first only; rows are equal as in DISTINCT. `all` counts how often:
 * the lesser count of both, or the difference. `columns[i]` are the ids of input i that make the output, in its order.
 */
type SetOperation<Kind extends string> = {
  readonly kind: Kind
  readonly all: boolean
  readonly inputs: readonly [LogicalPlan, LogicalPlan]
  readonly columns: readonly [readonly ColumnId[], readonly ColumnId[]]
  readonly output: readonly PlanField[]
}

/** Gives the rows that are in both inputs. */
export type IntersectPlan = SetOperation<'intersect'>
/** Gives the rows that are in the first input only. */
export type ExceptPlan = SetOperation<'except'>
/** Is an intersection or a difference. */
export type SetOperationPlan = IntersectPlan | ExceptPlan

/** Tells what an apply gives of a left row and the rows that its right side has for it. */
export type ApplyKind = 'inner' | 'left' | 'semi' | 'anti' | 'single'

/**
 * Runs the right side for each left row: its expressions may hold `outer` references to the left's columns. This is
 * what a lateral join, EXISTS or a scalar subquery lowers to; the optimizer turns it into joins.
 */
export type ApplyPlan = {
  readonly kind: 'apply'
  readonly how: ApplyKind
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  readonly output: readonly PlanField[]
}

/** Gives a row for each element of a list, beside the input's columns. */
export type UnnestPlan = {
  readonly kind: 'unnest'
  readonly input: LogicalPlan
  readonly list: Expression
  readonly element: PlanField
  /** A column for the element's 0-based index. */
  readonly ordinality: PlanField | null
  /** True keeps rows whose list is null or empty, with a null element. */
  readonly outer: boolean
  readonly output: readonly PlanField[]
}

/** Names an adjacency: which table's rows are edges, and which two of its columns they join. */
export type AdjacencyReference = {
  readonly table: string
  readonly source: string
  readonly target: string
  /** A column whose value parts the edges (a graph's edge type, an RDF predicate), and the values wanted; `null` for all. */
  readonly partition: { readonly field: string; readonly values: readonly number[] } | null
}

/** Tells which way edges are followed. */
export type Direction = 'out' | 'in' | 'both'

/** Gives a row for each edge of the node in `from`, beside the input's columns. */
export type ExpandPlan = {
  readonly kind: 'expand'
  readonly input: LogicalPlan
  readonly from: ColumnExpression
  readonly adjacency: AdjacencyReference
  readonly direction: Direction
  /** The id of the node reached. */
  readonly target: PlanField
  /** The edge's row id in the adjacency's table; `null` where nobody needs it. */
  readonly edge: PlanField | null
  /** Columns of the input holding edge row ids that must not be followed again (relationship uniqueness). */
  readonly exclude: readonly ColumnExpression[]
  /** A column of the input that the node reached must equal (closing a cycle); `null` for none. */
  readonly closes: ColumnExpression | null
  readonly output: readonly PlanField[]
}

/** Gives the count of edges of each input row's node instead of a row each: what `expand` + `count(*)` becomes. */
export type DegreePlan = {
  readonly kind: 'degree'
  readonly input: LogicalPlan
  readonly from: ColumnExpression
  readonly adjacency: AdjacencyReference
  readonly direction: Direction
  readonly exclude: readonly ColumnExpression[]
  /** The count, Int64. */
  readonly count: PlanField
  readonly output: readonly PlanField[]
}

/**
 * Gives each node that edges of the input's nodes lead to once, with the count of ways that lead there: what `expand`
 * becomes where nothing else of its input is looked at. Its rows are as many as nodes, however many paths there are.
 */
export type FrontierPlan = {
  readonly kind: 'frontier'
  readonly input: LogicalPlan
  readonly from: ColumnExpression
  /** A column that says how many ways lead to the row's node; `null` for one each. */
  readonly weight: ColumnExpression | null
  /** A column with the ways that came by an edge from the row's node to itself, which is not followed again. */
  readonly looped: ColumnExpression | null
  /** True where the count of ways does not matter, only which nodes are reached: a node counts as one way on. */
  readonly distinct: boolean
  readonly adjacency: AdjacencyReference
  readonly direction: Direction
  readonly target: PlanField
  /** The count of ways to the target, Int64; `null` where nobody needs it. */
  readonly ways: PlanField | null
  /** Those of them whose last edge leads from the target to itself, Int64; `null` where nobody needs it. */
  readonly loops: PlanField | null
  /** `target`, `ways` and `loops`. */
  readonly output: readonly PlanField[]
}

/** Is edges that a leg of a `multiway-join` must not use. */
export type ExcludedEdge = {
  /** A column of the input holding an edge row id, or a list of them. */
  readonly edge: ColumnExpression
  /** Nodes, one of which the leg must leave to meet the edge at all; `null` where they are not known. */
  readonly ends: readonly ColumnExpression[] | null
}

/** Is one of the adjacencies that a `multiway-join` intersects: the edges between the node in `from` and the one looked for. */
export type MultiwayLeg = {
  readonly from: ColumnExpression
  readonly adjacency: AdjacencyReference
  /** As seen from the node in `from`. */
  readonly direction: Direction
  /** The edge's row id; `null` where nobody needs it. */
  readonly edge: PlanField | null
  /** Edges that must not be followed again. */
  readonly exclude: readonly ExcludedEdge[]
  /** Indexes of earlier legs whose edge must be another. */
  readonly unlike: readonly number[]
}

/**
 * Gives a row for each node that every leg reaches, and each choice of edges to it, beside the input's columns: the
 * step of a worst-case-optimal join that binds one node of a cyclic pattern by intersecting sorted neighbours.
 */
export type MultiwayJoinPlan = {
  readonly kind: 'multiway-join'
  readonly input: LogicalPlan
  readonly legs: readonly MultiwayLeg[]
  /** The id of the node reached; `null` where rows are counted. */
  readonly target: PlanField | null
  /** Instead of a row each, gives each input row once with the count of its rows (Int64); `null` gives the rows. */
  readonly count: PlanField | null
  readonly output: readonly PlanField[]
}

/**
 * Tells what a path may repeat: `walk` anything, `trail` no edge. `reachability` gives each node at the end of a walk
 * once, without paths, `trail-ends` each at the end of a trail, where the minimum is at most 1. `shortest-trails` gives
 * the first trails to each end by their length, as many as `limit` says.
 */
export type PathSemantics =
  | 'walk'
  | 'trail'
  | 'reachability'
  | 'trail-ends'
  | 'shortest'
  | 'all-shortest'
  | 'shortest-trails'

/** Follows an adjacency a variable count of hops from the node in `from`. */
export type PathPlan = {
  readonly kind: 'path'
  readonly input: LogicalPlan
  readonly from: ColumnExpression
  /** A column of the input that the path must end at; `null` for any end. */
  readonly to: ColumnExpression | null
  readonly adjacency: AdjacencyReference
  readonly direction: Direction
  readonly semantics: PathSemantics
  /** For `shortest-trails`: how many to each end, or of how many different lengths (`groups`). */
  readonly limit?: { readonly count: number; readonly groups: boolean }
  readonly minimum: number
  /** `null` for no bound. */
  readonly maximum: number | null
  readonly target: PlanField
  /** A list of edge row ids, in order; `null` where nobody needs it. Not given by `reachability`. */
  readonly edges: PlanField | null
  /** A list of node ids, in order, both ends included; `null` where nobody needs it. */
  readonly nodes: PlanField | null
  /** Columns of the input with an edge row id or a list of them that the path must not use. */
  readonly exclude: readonly ColumnExpression[]
  readonly output: readonly PlanField[]
}

/** Repeats `step`, which reads the rows of the round before through `recursive-input`, until it gives no new rows. */
export type RecursivePlan = {
  readonly kind: 'recursive'
  readonly name: string
  readonly base: LogicalPlan
  readonly step: LogicalPlan
  /** True drops rows seen before (a set), false keeps all (a bag). */
  readonly distinct: boolean
  readonly output: readonly PlanField[]
}

/** Gives the rows of the last round of the surrounding `recursive` of this name. */
export type RecursiveInputPlan = {
  readonly kind: 'recursive-input'
  readonly name: string
  readonly output: readonly PlanField[]
}

/** Says how an index over vectors is made and searched. */
export type VectorIndexSettings = {
  readonly kind: 'hnsw'
  readonly metric: Metric
  /** Edges of a node. */
  readonly connectivity: number
  /** How widely the place of a new node is searched. */
  readonly expansion: number
  /** How the index keeps vectors: coarser ones take less memory, and what is found is measured again exactly. */
  readonly quantization: 'f32' | 'f16' | 'i8' | 'bits'
  /** How widely the index is searched. */
  readonly ef: number
}

/**
 * Measures how far vectors are apart. `cosine` is 1 - cosine, `dot` is 1 - product, `l2` the Euclidean distance, `l1` the
 * sum of differences, `hamming` the count of elements that differ, `jaccard` the part of the elements that are not 0 in
 * either which are not 0 in one alone.
 */
export type Metric = 'cosine' | 'l2' | 'dot' | 'l1' | 'hamming' | 'jaccard'

/** Gives the k rows of the input whose vector is nearest to a query vector, nearest first. */
export type NearestPlan = {
  readonly kind: 'nearest'
  readonly input: LogicalPlan
  /** A FixedSizeList column of float32 or float64. */
  readonly vector: ColumnExpression
  /** A literal or parameter holding the query vector. */
  readonly query: Expression
  readonly k: Expression
  readonly metric: Metric
  /** How an index is made and searched that may answer; `null` where every vector is looked at. */
  readonly index: VectorIndexSettings | null
  /** The distance, Float64. */
  readonly distance: PlanField
  readonly output: readonly PlanField[]
}

/** Is a part that a named engine runs whole: its text and parameters, over inputs that we give it. */
export type ForeignPlan = {
  readonly kind: 'foreign'
  readonly engine: string
  /** What the engine understands; refers to inputs by the names given there. */
  readonly text: string
  readonly inputs: readonly { readonly name: string; readonly plan: LogicalPlan }[]
  readonly parameters: readonly Expression[]
  /** What the text uses beside its inputs, in the engine's language: types and macros to define before it runs. */
  readonly definitions?: readonly string[]
  readonly output: readonly PlanField[]
}

/** Is an operator that a model adds: found by name in the registry of operators. */
export type ExtensionPlan = {
  readonly kind: 'extension'
  readonly operator: string
  readonly inputs: readonly LogicalPlan[]
  readonly expressions: readonly Expression[]
  /**
   * Plain data for the operator, shown by `explain`; no column ids, which change when plans are combined.
   * `passThrough: true` says that the output is the input's columns and new ones, and that the operator takes them by
   * id: those that nothing reads are left out.
   */
  readonly settings: Readonly<Record<string, unknown>>
  readonly output: readonly PlanField[]
}

/**
 * Is what every query language lowers to: relational algebra on Arrow schemas, extended by steps over adjacencies and
 * vectors. A closed union of plain frozen nodes, made by the constructors of `build.ts`.
 */
export type LogicalPlan =
  | ScanPlan
  | ValuesPlan
  | FilterPlan
  | ProjectPlan
  | JoinPlan
  | ApplyPlan
  | AggregatePlan
  | WindowPlan
  | SortPlan
  | LimitPlan
  | DistinctPlan
  | UnionPlan
  | IntersectPlan
  | ExceptPlan
  | UnnestPlan
  | ExpandPlan
  | DegreePlan
  | FrontierPlan
  | MultiwayJoinPlan
  | PathPlan
  | RecursivePlan
  | RecursiveInputPlan
  | NearestPlan
  | ForeignPlan
  | ExtensionPlan

/** Names the kinds of plan nodes. */
export type PlanKind = LogicalPlan['kind']
