import type { Value } from '@sheafdb/core'

/** Is a value of a document or of a query. */
export type { Value } from '@sheafdb/core'

/** Is a document as users write it: plain data, keys in order. */
export type Document = Record<string, Value>

/** Is an expression of the aggregation language. */
export type ExpressionSyntax =
  | { readonly kind: 'literal'; readonly value: Value }
  /** `$a.b`: a path inside the document. */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  /** `$$name.a.b`: a variable, or a path inside it. */
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'operator'; readonly name: string; readonly argument: ExpressionSyntax }
  | {
      readonly kind: 'object'
      readonly entries: readonly (readonly [key: string, value: ExpressionSyntax])[]
    }
  | { readonly kind: 'array'; readonly items: readonly ExpressionSyntax[] }

/** Names the comparisons of a filter with a constant. */
export type Comparison = 'eq' | 'gt' | 'gte' | 'lt' | 'lte'

/** Names the tests of bits. */
export type BitTest = 'all-set' | 'all-clear' | 'any-set' | 'any-clear'

/** Is a place: longitude and latitude, or x and y. */
export type Point = readonly [x: number, y: number]

/** Is a closed line: its last point is its first. */
export type Ring = readonly Point[]

/** Is a ring with holes in it. */
export type Polygon = readonly Ring[]

/** Is what a value says where it is: points, lines and polygons. */
export type Geometry = {
  readonly points: readonly Point[]
  readonly lines: readonly (readonly Point[])[]
  readonly polygons: readonly Polygon[]
}

/** Is a condition on how far a place is from a point: in metres, in radians, or on a plane. */
export type NearCondition = {
  readonly kind: 'near'
  readonly point: Point
  readonly measure: 'metres' | 'radians' | 'plane'
  readonly least: number
  readonly most: number
}

/** Is a condition on places. */
export type GeoCondition =
  | NearCondition
  | { readonly kind: 'intersects'; readonly geometry: Geometry }
  | { readonly kind: 'within'; readonly polygons: readonly Polygon[]; readonly onEarth: boolean }
  | {
      readonly kind: 'within-circle'
      readonly center: Point
      readonly radius: number
      readonly onEarth: boolean
    }

/** Is a condition on the values at a path. */
export type Condition =
  | { readonly kind: Comparison; readonly value: Value }
  | { readonly kind: 'in'; readonly values: readonly Value[]; readonly patterns: readonly RegExp[] }
  | { readonly kind: 'regex'; readonly pattern: RegExp }
  | { readonly kind: 'not'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'exists' }
  | { readonly kind: 'type'; readonly types: ReadonlySet<string> }
  | { readonly kind: 'modulo'; readonly divisor: bigint; readonly remainder: bigint }
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'element'; readonly filter: Filter | null; readonly conditions: readonly Condition[] }
  | { readonly kind: 'bits'; readonly test: BitTest; readonly mask: bigint }
  | { readonly kind: 'never' }
  | { readonly kind: 'geo'; readonly geo: GeoCondition }

/** Is a query filter. A field's conditions are each tested against all values at its path. */
export type Filter =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly filters: readonly Filter[] }
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly condition: Condition }
  | { readonly kind: 'expression'; readonly expression: ExpressionSyntax }
  | { readonly kind: 'schema'; readonly schema: Document }
  /** True where a JSONPath leads to a node. */
  | { readonly kind: 'jsonpath'; readonly query: string }
  | { readonly kind: 'constant'; readonly value: boolean }

/** Is a key to sort by. */
export type SortField = { readonly path: readonly string[]; readonly descending: boolean }

/** Is a stage of a pipeline: its name and its argument, not yet looked into. */
export type StageSyntax = { readonly name: string; readonly argument: Value }

/** Is one operator of an update on one path. */
export type UpdateOperation = {
  readonly operator: string
  readonly path: string
  readonly argument: Value
}

/** Is an operation of a JSON Patch (RFC 6902); paths are JSON Pointers taken apart. */
export type PatchOperation = {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly path: readonly string[]
  readonly from: readonly string[]
  readonly value: Value
}

/** Is an update: a document to put in place, operators, a pipeline, or a patch. */
export type UpdateSyntax =
  | { readonly kind: 'replacement'; readonly document: Document }
  | { readonly kind: 'operators'; readonly operations: readonly UpdateOperation[] }
  | { readonly kind: 'pipeline'; readonly stages: readonly StageSyntax[] }
  | { readonly kind: 'patch'; readonly operations: readonly PatchOperation[] }
  | { readonly kind: 'merge-patch'; readonly patch: Document }
