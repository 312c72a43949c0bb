/** Is a type as DuckDB's parse tree writes it. */
export type TypeNode = {
  readonly id: string
  readonly alias?: string
  readonly type_info?: {
    readonly type: string
    readonly width?: number
    readonly scale?: number
    readonly alias?: string
  }
}

/** Is a constant of the parse tree. */
export type ValueNode = { readonly type: TypeNode; readonly is_null: boolean; readonly value?: unknown }

type Located = { readonly alias?: string; readonly query_location?: number }

/** Is one sort term. */
export type OrderNode = {
  readonly type: 'ORDER_DEFAULT' | 'ASCENDING' | 'DESCENDING'
  readonly null_order: 'ORDER_DEFAULT' | 'NULLS FIRST' | 'NULLS LAST'
  readonly expression: ExpressionNode
}

/** Is an expression of DuckDB's parse tree; members that hold their default are left out of it. */
export type ExpressionNode = Located &
  (
    | { readonly class: 'COLUMN_REF'; readonly column_names: readonly string[] }
    | { readonly class: 'CONSTANT'; readonly value: ValueNode }
    | { readonly class: 'PARAMETER'; readonly identifier: string }
    | {
        readonly class: 'COMPARISON'
        readonly type: string
        readonly left: ExpressionNode
        readonly right: ExpressionNode
      }
    | { readonly class: 'CONJUNCTION'; readonly type: string; readonly children: readonly ExpressionNode[] }
    | { readonly class: 'OPERATOR'; readonly type: string; readonly children: readonly ExpressionNode[] }
    | {
        readonly class: 'BETWEEN'
        readonly input: ExpressionNode
        readonly lower: ExpressionNode
        readonly upper: ExpressionNode
      }
    | {
        readonly class: 'CAST'
        readonly child: ExpressionNode
        readonly cast_type: TypeNode
        readonly try_cast?: boolean
      }
    | {
        readonly class: 'CASE'
        readonly case_checks: readonly {
          readonly when_expr: ExpressionNode
          readonly then_expr: ExpressionNode
        }[]
        readonly else_expr: ExpressionNode
      }
    | FunctionNode
    | SubqueryNode
    | StarNode
    | WindowNode
    | {
        readonly class: 'LAMBDA' | 'COLLATE' | 'POSITIONAL_REFERENCE' | 'DEFAULT' | 'LAMBDA_REF' | 'TYPE'
      }
  )

/** Is a call of a function or an operator. */
export type FunctionNode = Located & {
  readonly class: 'FUNCTION'
  readonly function_name: string
  readonly schema?: string
  readonly children?: readonly ExpressionNode[]
  readonly filter?: ExpressionNode
  readonly distinct?: boolean
  readonly order_bys?: { readonly orders?: readonly OrderNode[] }
  readonly is_operator?: boolean
}

/** Is a function over a window. */
export type WindowNode = Located & {
  readonly class: 'WINDOW'
  readonly type: string
  readonly function_name: string
  readonly children?: readonly ExpressionNode[]
  readonly partitions?: readonly ExpressionNode[]
  readonly orders?: readonly OrderNode[]
  readonly start: string
  readonly end: string
  readonly start_expr?: ExpressionNode
  readonly end_expr?: ExpressionNode
  readonly offset_expr?: ExpressionNode
  readonly default_expr?: ExpressionNode
  readonly ignore_nulls?: boolean
  readonly filter_expr?: ExpressionNode
  readonly exclude_clause?: string
  readonly distinct?: boolean
  readonly arg_orders?: readonly OrderNode[]
}

/** Is a subquery inside an expression. */
export type SubqueryNode = Located & {
  readonly class: 'SUBQUERY'
  readonly subquery_type: 'SCALAR' | 'EXISTS' | 'ANY' | 'NOT_EXISTS'
  readonly subquery: { readonly node: QueryNode }
  readonly child?: ExpressionNode
  readonly comparison_type: string
}

/** Is `*` with its options. */
export type StarNode = Located & {
  readonly class: 'STAR'
  readonly relation_name?: string
  readonly exclude_list?: readonly unknown[]
  readonly replace_list?: readonly { readonly key: string; readonly value: ExpressionNode }[]
  readonly rename_list?: readonly unknown[]
  readonly columns?: boolean
  readonly expr?: ExpressionNode
}

/** Is what stands in FROM. */
export type TableNode = Located &
  (
    | {
        readonly type: 'BASE_TABLE'
        readonly table_name: string
        readonly schema_name?: string
        readonly catalog_name?: string
        readonly column_name_alias?: readonly string[]
        readonly sample?: unknown
        readonly at_clause?: unknown
      }
    | {
        readonly type: 'SUBQUERY'
        readonly subquery: { readonly node: QueryNode }
        readonly column_name_alias?: readonly string[]
        readonly sample?: unknown
      }
    | JoinNode
    | {
        readonly type: 'TABLE_FUNCTION'
        readonly function: ExpressionNode
        readonly column_name_alias?: readonly string[]
        readonly sample?: unknown
      }
    | {
        readonly type: 'EXPRESSION_LIST'
        readonly values: readonly (readonly ExpressionNode[])[]
        readonly column_name_alias?: readonly string[]
      }
    | { readonly type: 'EMPTY' | 'EMPTY_FROM' | 'PIVOT' | 'SHOW_REF' | 'COLUMN_DATA' | 'DELIM_GET' }
  )

/** Is a join in FROM. */
export type JoinNode = {
  readonly type: 'JOIN'
  readonly left: TableNode
  readonly right: TableNode
  readonly join_type: string
  readonly ref_type: string
  readonly condition?: ExpressionNode
  readonly using_columns?: readonly string[]
}

/** Is what comes after the body of a query: DISTINCT, ORDER BY, LIMIT. */
export type ModifierNode =
  | { readonly type: 'ORDER_MODIFIER'; readonly orders: readonly OrderNode[] }
  | { readonly type: 'LIMIT_MODIFIER'; readonly limit?: ExpressionNode; readonly offset?: ExpressionNode }
  | { readonly type: 'DISTINCT_MODIFIER'; readonly distinct_on_targets?: readonly ExpressionNode[] }
  | { readonly type: 'LIMIT_PERCENT_MODIFIER' }

/** Is a common table expression. */
export type CteNode = {
  readonly key: string
  readonly value: { readonly aliases?: readonly string[]; readonly query: { readonly node: QueryNode } }
}

type WithClause = {
  readonly cte_map?: { readonly map?: readonly CteNode[] }
  readonly modifiers?: readonly ModifierNode[]
}

/** Is a SELECT. */
export type SelectNode = WithClause & {
  readonly type: 'SELECT_NODE'
  readonly select_list: readonly ExpressionNode[]
  readonly from_table: TableNode
  readonly where_clause?: ExpressionNode
  readonly group_expressions?: readonly ExpressionNode[]
  readonly group_sets?: readonly (readonly number[])[]
  readonly aggregate_handling?: string
  readonly having?: ExpressionNode
  readonly qualify?: ExpressionNode
  readonly sample?: unknown
}

/** Is a set operation. `setop_all` is left out of the tree where it is true. */
export type SetOperationNode = WithClause & {
  readonly type: 'SET_OPERATION_NODE'
  readonly setop_type: 'UNION' | 'INTERSECT' | 'EXCEPT' | 'UNION_BY_NAME'
  readonly setop_all?: boolean
  readonly left?: QueryNode
  readonly right?: QueryNode
}

/** Is a recursive common table expression: its base, and the step that reads it by its name. */
export type RecursiveNode = WithClause & {
  readonly type: 'RECURSIVE_CTE_NODE'
  readonly cte_name: string
  readonly union_all?: boolean
  readonly left?: QueryNode
  readonly right?: QueryNode
  readonly aliases?: readonly string[]
  readonly key_targets?: readonly unknown[]
}

/** Is a query of DuckDB's parse tree. */
export type QueryNode =
  | SelectNode
  | SetOperationNode
  | RecursiveNode
  | (WithClause & {
      readonly type: 'CTE_NODE' | 'STATEMENT_NODE' | 'INSERT_QUERY_NODE'
    })

/** Is the parse tree of a SELECT statement. `named_param_map` gives each parameter's place, from 1. */
export type SelectStatement = {
  readonly node: QueryNode
  readonly named_param_map?: readonly { readonly key: string; readonly value: number }[]
}
