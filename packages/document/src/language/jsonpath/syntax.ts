import type { Value } from '@sheafdb/core'

/** Is a JSONPath query (RFC 9535): the segments that lead from the root, or from the current node, to others. */
export type PathQuery = { readonly from: 'root' | 'current'; readonly segments: readonly Segment[] }

/** Is a step of a query: to children, or to descendants and their children. */
export type Segment = { readonly descends: boolean; readonly selectors: readonly Selector[] }

/** Chooses children of a node. */
export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'index'; readonly index: number }
  | {
      readonly kind: 'slice'
      readonly start: number | null
      readonly end: number | null
      readonly step: number
    }
  | { readonly kind: 'filter'; readonly condition: LogicalSyntax }

/** Names the comparisons. */
export type PathComparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/** Is a condition of a filter. */
export type LogicalSyntax =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LogicalSyntax[] }
  | { readonly kind: 'not'; readonly part: LogicalSyntax }
  | { readonly kind: 'exists'; readonly query: PathQuery }
  | { readonly kind: 'test'; readonly call: CallSyntax }
  | {
      readonly kind: 'comparison'
      readonly operator: PathComparison
      readonly left: ComparableSyntax
      readonly right: ComparableSyntax
    }

/** Is a side of a comparison. */
export type ComparableSyntax =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'query'; readonly query: PathQuery }
  | { readonly kind: 'call'; readonly call: CallSyntax }

/** Is a call of a function of the standard. */
export type CallSyntax = {
  readonly name: 'length' | 'count' | 'match' | 'search' | 'value'
  readonly args: readonly ComparableSyntax[]
}
