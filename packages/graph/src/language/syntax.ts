/**
 * The syntax of openCypher as plain data. Every node carries `start` and `end`, half-open offsets in UTF-16 units
 * into the query text.
 */

/** Is a place in the query text, half-open. */
export type Span = { readonly start: number; readonly end: number }

/** Is a name as written, without its backticks. */
export type Name = Span & { readonly name: string }

/** Is a whole statement. `EXPLAIN` shows its plan, `PROFILE` runs it and shows rows and times. */
export type Statement = Span & {
  readonly kind: 'statement'
  readonly mode: 'run' | 'explain' | 'profile'
  readonly text: string
  /** The graph that `USE` names, `null` for the one that the statement is given to. */
  readonly use: Name | null
  readonly query: Query
  /** A command about constraints or indexes in place of a query, which then has no parts. */
  readonly command: SchemaCommand | null
}

/** Is a command about constraints or indexes. */
export type SchemaCommand = Span &
  (
    | { readonly kind: 'createRule'; readonly rule: SchemaRule; readonly ifMissing: boolean }
    | {
        readonly kind: 'dropRule'
        readonly what: 'constraint' | 'index'
        readonly name: string
        readonly ifThere: boolean
      }
    | { readonly kind: 'showRules'; readonly what: 'constraint' | 'index' }
  )

/** Is a constraint or an index on the nodes of a label or the relationships of a type; plain JSON, kept in the catalog. */
export type SchemaRule = {
  /** `null` where none was given: one is made of what the rule says. */
  readonly name: string | null
  readonly kind: 'index' | 'unique' | 'exists' | 'key' | 'type'
  readonly entity: 'node' | 'relationship'
  readonly label: string
  readonly properties: readonly string[]
  /** For a constraint on the type: names of types, one of which values must have. */
  readonly types: readonly string[]
}

/** Is one query or several joined by UNION. `all[i]` tells whether the union before part i + 1 keeps duplicates. */
export type Query = Span & {
  readonly kind: 'query'
  readonly parts: readonly SingleQuery[]
  readonly all: readonly boolean[]
}

/** Is a sequence of clauses. */
export type SingleQuery = Span & { readonly kind: 'singleQuery'; readonly clauses: readonly Clause[] }

/** Is one clause. */
export type Clause =
  | MatchClause
  | UnwindClause
  | ProjectionClause
  | FilterClause
  | CreateClause
  | MergeClause
  | SetClause
  | RemoveClause
  | DeleteClause
  | ForeachClause
  | CallClause
  | SubqueryClause
  | FinishClause
  | LoadCsvClause

/** Is `[OPTIONAL] MATCH pattern, … [WHERE predicate]`. */
export type MatchClause = Span & {
  readonly kind: 'match'
  readonly optional: boolean
  /** Whether relationships of one MATCH must differ (trails), as the language asks, or may repeat (walks). */
  readonly repeatable: boolean
  readonly patterns: readonly PathPattern[]
  readonly where: Expression | null
}

/** Is `UNWIND list AS variable`. */
export type UnwindClause = Span & {
  readonly kind: 'unwind'
  readonly list: Expression
  readonly variable: Name
}

/** Is `WITH` or `RETURN`, with what may follow it. */
export type ProjectionClause = Span & {
  readonly kind: 'with' | 'return'
  readonly distinct: boolean
  /** Whether `*` stands among the items. */
  readonly star: boolean
  readonly items: readonly ProjectionItem[]
  readonly orderBy: readonly SortItem[]
  readonly skip: Expression | null
  readonly limit: Expression | null
  readonly where: Expression | null
}

/** Is one item of a projection. `name` is the alias, or the text of the expression. */
export type ProjectionItem = Span & {
  readonly expression: Expression
  readonly name: string
  readonly alias: Name | null
}

/** Is one key of ORDER BY. */
export type SortItem = Span & { readonly expression: Expression; readonly descending: boolean }

/** Is `FILTER [WHERE] predicate`. */
export type FilterClause = Span & { readonly kind: 'filter'; readonly where: Expression }

/** Is `CREATE pattern, …`. */
export type CreateClause = Span & { readonly kind: 'create'; readonly patterns: readonly PathPattern[] }

/** Is `MERGE pattern` with what to set where it was created or matched. */
export type MergeClause = Span & {
  readonly kind: 'merge'
  readonly pattern: PathPattern
  readonly onCreate: readonly SetItem[]
  readonly onMatch: readonly SetItem[]
}

/** Is `SET item, …`. */
export type SetClause = Span & { readonly kind: 'set'; readonly items: readonly SetItem[] }

/** Is one item of SET: one property, all properties (`=`), some properties (`+=`) or labels. */
export type SetItem =
  | (Span & {
      readonly kind: 'setProperty'
      readonly target: PropertyExpression | IndexExpression
      readonly value: Expression
    })
  | (Span & {
      readonly kind: 'setAll'
      readonly variable: Name
      readonly value: Expression
      readonly keep: boolean
    })
  | (Span & { readonly kind: 'setLabels'; readonly variable: Name; readonly labels: readonly LabelName[] })

/** Is `REMOVE item, …`. */
export type RemoveClause = Span & { readonly kind: 'remove'; readonly items: readonly RemoveItem[] }

/** Is one item of REMOVE: a property or labels. */
export type RemoveItem =
  | (Span & { readonly kind: 'removeProperty'; readonly target: PropertyExpression | IndexExpression })
  | (Span & { readonly kind: 'removeLabels'; readonly variable: Name; readonly labels: readonly LabelName[] })

/** Is `[DETACH] DELETE expression, …`. */
export type DeleteClause = Span & {
  readonly kind: 'delete'
  readonly detach: boolean
  readonly expressions: readonly Expression[]
}

/** Is `FOREACH (variable IN list | update …)`. */
export type ForeachClause = Span & {
  readonly kind: 'foreach'
  readonly variable: Name
  readonly list: Expression
  readonly updates: readonly Clause[]
}

/** Is `CALL procedure(…) [YIELD …]`. `arguments` is null where the parentheses are left out. */
export type CallClause = Span & {
  readonly kind: 'call'
  readonly optional: boolean
  readonly procedure: Name
  readonly arguments: readonly Expression[] | null
  readonly yields: readonly YieldItem[] | null
  readonly yieldAll: boolean
  readonly where: Expression | null
}

/** Is one column taken from a procedure. */
export type YieldItem = Span & { readonly field: Name; readonly variable: Name }

/** Is `CALL [(variables)] { query }`. `imports` is null where a leading WITH imports, `'*'` for all variables. */
export type SubqueryClause = Span & {
  readonly kind: 'subquery'
  readonly optional: boolean
  readonly imports: readonly Name[] | '*' | null
  readonly query: Query
  /** What `IN TRANSACTIONS` says; `null` where the subquery is part of the statement's transaction. */
  readonly inTransactions: TransactionBatches | null
}

/** Is `IN TRANSACTIONS [OF n ROWS] [ON ERROR …] [REPORT STATUS AS variable]`. */
export type TransactionBatches = {
  readonly rows: Expression | null
  readonly onError: 'fail' | 'continue' | 'break'
  readonly status: Name | null
}

/** Is `LOAD CSV [WITH HEADERS] FROM url AS variable [FIELDTERMINATOR text]`. */
export type LoadCsvClause = Span & {
  readonly kind: 'loadCsv'
  readonly headers: boolean
  readonly url: Expression
  readonly variable: Name
  readonly terminator: Expression | null
}

/** Is `FINISH`: a query that gives no rows. */
export type FinishClause = Span & { readonly kind: 'finish' }

/** Says how paths are chosen among those that match: all of them, or shortest ones for each pair of ends. */
export type PathSelector = {
  readonly kind: 'shortest' | 'allShortest' | 'any' | 'shortestGroups'
  readonly count: number
  /** Whether it was written as the function `shortestPath(…)` or `allShortestPaths(…)`. */
  readonly isFunction: boolean
}

/** Is a path of nodes and relationships in turn, a node at both ends. */
export type PathPattern = Span & {
  readonly kind: 'path'
  readonly variable: Name | null
  readonly selector: PathSelector | null
  readonly elements: readonly PathElement[]
}

/** Is one element of a path. */
export type PathElement = NodePattern | RelationshipPattern | GroupPattern

/** Is `(variable:Labels {properties} WHERE predicate)`. */
export type NodePattern = Span & {
  readonly kind: 'node'
  readonly variable: Name | null
  readonly labels: LabelExpression | null
  readonly properties: Expression | null
  readonly where: Expression | null
}

/** Says which way a relationship points as the pattern is read: from left to right, or the other way, or either. */
export type Direction = 'right' | 'left' | 'both'

/** Is a count of repetitions; `max` null for no bound. */
export type Quantifier = { readonly min: number; readonly max: number | null }

/** Is `-[variable:TYPE*1..2 {properties}]->`. */
export type RelationshipPattern = Span & {
  readonly kind: 'relationship'
  readonly variable: Name | null
  readonly types: LabelExpression | null
  readonly direction: Direction
  /** How often it repeats: `null` for exactly one hop, which binds a relationship and not a list. */
  readonly range: Quantifier | null
  readonly properties: Expression | null
  readonly where: Expression | null
}

/** Is a quantified path pattern, `((a)-[r]->(b)){1,3}`. */
export type GroupPattern = Span & {
  readonly kind: 'group'
  readonly pattern: PathPattern
  readonly quantifier: Quantifier
  readonly where: Expression | null
}

/** Is one name in SET, REMOVE or CREATE: a fixed label, or an expression that gives labels. */
export type LabelName = Span & ({ readonly kind: 'label'; readonly name: string } | DynamicLabel)

/** Is `$(expression)`: labels computed at run time, all of them or any. */
export type DynamicLabel = {
  readonly kind: 'dynamicLabel'
  readonly expression: Expression
  readonly any: boolean
}

/** Is a condition on labels or on a relationship's type. */
export type LabelExpression =
  | LabelName
  | (Span & {
      readonly kind: 'labelAnd'
      readonly operands: readonly LabelExpression[]
      readonly colons: boolean
    })
  | (Span & { readonly kind: 'labelOr'; readonly operands: readonly LabelExpression[] })
  | (Span & { readonly kind: 'labelNot'; readonly operand: LabelExpression })
  | (Span & { readonly kind: 'labelAny' })

/** Names the binary operators. */
export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '||'
  | '=~'
  | 'in'
  | 'startsWith'
  | 'endsWith'
  | 'contains'
  | 'xor'

/** Names the comparisons, which chain: `a < b < c`. */
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** Is a variable. */
export type VariableExpression = Span & { readonly kind: 'variable'; readonly name: string }
/** Is `object.key`. */
export type PropertyExpression = Span & {
  readonly kind: 'property'
  readonly object: Expression
  readonly key: Name
}
/** Is `object[index]`. */
export type IndexExpression = Span & {
  readonly kind: 'index'
  readonly object: Expression
  readonly index: Expression
}
/** Is a call of a function, its name as written (namespaces joined by dots). */
export type CallExpression = Span & {
  readonly kind: 'function'
  readonly name: string
  readonly distinct: boolean
  readonly arguments: readonly Expression[]
}
/** Is a literal. Integers past 2^53 are `bigint`; `isFloat` tells 1.0 from 1. */
export type LiteralExpression = Span & {
  readonly kind: 'literal'
  readonly value: null | boolean | number | bigint | string
  readonly isFloat: boolean
}
/** Is `{key: value, …}`. */
export type MapExpression = Span & { readonly kind: 'map'; readonly entries: readonly MapEntry[] }
/** Is one entry of a map. */
export type MapEntry = { readonly key: Name; readonly value: Expression }

/** Is one item of a map projection. */
export type ProjectionEntry =
  | (Span & { readonly kind: 'allProperties' })
  | (Span & { readonly kind: 'ownProperty'; readonly key: Name })
  | (Span & { readonly kind: 'entry'; readonly key: Name; readonly value: Expression })

/** Names the quantifiers over lists. */
export type ListQuantifier = 'all' | 'any' | 'none' | 'single'

/** Is an expression. */
export type Expression =
  | LiteralExpression
  | (Span & { readonly kind: 'parameter'; readonly name: string })
  | VariableExpression
  | PropertyExpression
  | IndexExpression
  | (Span & {
      readonly kind: 'slice'
      readonly object: Expression
      readonly from: Expression | null
      readonly to: Expression | null
    })
  | (Span & { readonly kind: 'list'; readonly items: readonly Expression[] })
  | MapExpression
  | (Span & {
      readonly kind: 'mapProjection'
      readonly variable: Name
      readonly entries: readonly ProjectionEntry[]
    })
  | (Span & {
      readonly kind: 'listComprehension'
      readonly variable: Name
      readonly list: Expression
      readonly where: Expression | null
      readonly projection: Expression | null
    })
  | (Span & {
      readonly kind: 'patternComprehension'
      readonly pattern: PathPattern
      readonly where: Expression | null
      readonly projection: Expression
    })
  | (Span & { readonly kind: 'pattern'; readonly pattern: PathPattern })
  | (Span & {
      readonly kind: 'quantifier'
      readonly quantifier: ListQuantifier
      readonly variable: Name
      readonly list: Expression
      readonly where: Expression
    })
  | (Span & {
      readonly kind: 'reduce'
      readonly accumulator: Name
      readonly initial: Expression
      readonly variable: Name
      readonly list: Expression
      readonly step: Expression
    })
  | CallExpression
  | (Span & { readonly kind: 'countStar' })
  | (Span & {
      readonly kind: 'case'
      readonly subject: Expression | null
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
      readonly otherwise: Expression | null
    })
  | (Span & { readonly kind: 'not' | 'negate' | 'plus'; readonly operand: Expression })
  | (Span & { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] })
  | (Span & {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    })
  | (Span & {
      readonly kind: 'comparison'
      readonly operands: readonly Expression[]
      readonly operators: readonly ComparisonOperator[]
    })
  | (Span & { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean })
  | (Span & { readonly kind: 'hasLabels'; readonly operand: Expression; readonly labels: LabelExpression })
  | (Span & { readonly kind: 'exists' | 'count' | 'collect'; readonly query: Query })
