import type * as RDF from '@rdfjs/types'

/** Is a triple pattern of a query; variables and blank nodes stand for anything. */
export type PatternSyntax = {
  readonly type: 'pattern'
  readonly subject: RDF.Term
  readonly predicate: RDF.Term
  readonly object: RDF.Term
  readonly graph: RDF.Term
}

/** Is a property path. */
export type PathSyntax =
  | { readonly type: 'link'; readonly iri: RDF.NamedNode }
  | { readonly type: 'inv'; readonly path: PathSyntax }
  | { readonly type: 'seq'; readonly input: readonly PathSyntax[] }
  | { readonly type: 'alt'; readonly input: readonly PathSyntax[] }
  | { readonly type: 'nps'; readonly iris: readonly RDF.NamedNode[] }
  | { readonly type: 'ZeroOrOnePath'; readonly path: PathSyntax }
  | { readonly type: 'ZeroOrMorePath'; readonly path: PathSyntax }
  | { readonly type: 'OneOrMorePath'; readonly path: PathSyntax }

/** Is a path between two terms. */
export type PathPatternSyntax = {
  readonly type: 'path'
  readonly subject: RDF.Term
  readonly predicate: PathSyntax
  readonly object: RDF.Term
  readonly graph: RDF.Term
}

/** Is an aggregate and the variable that holds its result. */
export type AggregateSyntax = {
  readonly type: 'expression'
  readonly subType: 'aggregate'
  readonly aggregator: 'avg' | 'count' | 'group_concat' | 'max' | 'min' | 'sample' | 'sum'
  readonly distinct: boolean
  readonly expression: ExpressionSyntax
  readonly separator?: string
  readonly variable: RDF.Variable
}

/** Is an expression of SPARQL. */
export type ExpressionSyntax =
  | { readonly type: 'expression'; readonly subType: 'term'; readonly term: RDF.Term }
  | {
      readonly type: 'expression'
      readonly subType: 'operator'
      readonly operator: string
      readonly args: readonly ExpressionSyntax[]
    }
  | {
      readonly type: 'expression'
      readonly subType: 'named'
      readonly name: RDF.NamedNode
      readonly args: readonly ExpressionSyntax[]
    }
  | {
      readonly type: 'expression'
      readonly subType: 'existence'
      readonly not: boolean
      readonly input: OperationSyntax
    }
  | { readonly type: 'expression'; readonly subType: 'wildcard' }
  | AggregateSyntax

/** Is a pattern of the SPARQL algebra that gives solutions. @see SPARQL 1.2 Query Language, section 18 */
export type OperationSyntax =
  | { readonly type: 'bgp'; readonly patterns: readonly PatternSyntax[] }
  | PathPatternSyntax
  | { readonly type: 'join'; readonly input: readonly OperationSyntax[] }
  | { readonly type: 'union'; readonly input: readonly OperationSyntax[] }
  | {
      readonly type: 'leftjoin'
      readonly input: readonly [OperationSyntax, OperationSyntax]
      readonly expression?: ExpressionSyntax
    }
  | { readonly type: 'minus'; readonly input: readonly [OperationSyntax, OperationSyntax] }
  | { readonly type: 'filter'; readonly input: OperationSyntax; readonly expression: ExpressionSyntax }
  | {
      readonly type: 'extend'
      readonly input: OperationSyntax
      readonly variable: RDF.Variable
      readonly expression: ExpressionSyntax
    }
  | {
      readonly type: 'group'
      readonly input: OperationSyntax
      readonly variables: readonly RDF.Variable[]
      readonly aggregates: readonly AggregateSyntax[]
    }
  | {
      readonly type: 'values'
      readonly variables: readonly RDF.Variable[]
      readonly bindings: readonly Readonly<Record<string, RDF.Term>>[]
    }
  | {
      readonly type: 'graph'
      readonly input: OperationSyntax
      readonly name: RDF.Variable | RDF.NamedNode
    }
  | {
      readonly type: 'orderby'
      readonly input: OperationSyntax
      /** How many of the first solutions are wanted at most; lowering finds it in the slice around. */
      readonly wanted?: number
      readonly expressions: readonly ExpressionSyntax[]
    }
  | {
      readonly type: 'project'
      readonly input: OperationSyntax
      readonly variables: readonly RDF.Variable[]
    }
  | { readonly type: 'distinct' | 'reduced'; readonly input: OperationSyntax }
  | {
      readonly type: 'slice'
      readonly input: OperationSyntax
      readonly start: number
      readonly length?: number
    }
  | {
      readonly type: 'service'
      readonly input: OperationSyntax
      readonly name: RDF.Variable | RDF.NamedNode
      readonly silent: boolean
    }
  | {
      readonly type: 'from'
      readonly input: OperationSyntax
      readonly default: readonly RDF.NamedNode[]
      readonly named: readonly RDF.NamedNode[]
    }
  | { readonly type: 'nop' }

/** Is a query and the base of its relative IRIs, where it has one. */
export type QuerySyntax = QueryForm & { readonly baseIri?: string | undefined }

/** Is a pattern, and for the forms other than SELECT what is made of its solutions. */
export type QueryForm =
  | { readonly form: 'select'; readonly pattern: OperationSyntax; readonly dataset: DatasetSyntax | null }
  | { readonly form: 'ask'; readonly pattern: OperationSyntax; readonly dataset: DatasetSyntax | null }
  | {
      readonly form: 'construct'
      readonly pattern: OperationSyntax
      readonly dataset: DatasetSyntax | null
      readonly template: readonly PatternSyntax[]
    }
  | {
      readonly form: 'describe'
      readonly pattern: OperationSyntax
      readonly dataset: DatasetSyntax | null
      readonly terms: readonly (RDF.Variable | RDF.NamedNode)[]
    }

/** Is what FROM and FROM NAMED, or USING and USING NAMED, say. */
export type DatasetSyntax = {
  readonly default: readonly RDF.NamedNode[]
  readonly named: readonly RDF.NamedNode[]
}

/** Names a graph in an update. */
export type GraphReferenceSyntax = 'DEFAULT' | 'NAMED' | 'ALL' | RDF.NamedNode

/** Is one operation of an update. */
export type UpdateSyntax =
  | {
      readonly type: 'deleteinsert'
      readonly delete?: readonly PatternSyntax[]
      readonly insert?: readonly PatternSyntax[]
      readonly where?: OperationSyntax
    }
  | {
      readonly type: 'load'
      readonly source: RDF.NamedNode
      readonly destination?: GraphReferenceSyntax
      readonly silent?: boolean
    }
  | { readonly type: 'clear' | 'drop'; readonly source: GraphReferenceSyntax; readonly silent?: boolean }
  | { readonly type: 'create'; readonly source: GraphReferenceSyntax; readonly silent?: boolean }
  | {
      readonly type: 'add' | 'move' | 'copy'
      readonly source: GraphReferenceSyntax
      readonly destination: GraphReferenceSyntax
      readonly silent?: boolean
    }
  | { readonly type: 'nop' }
