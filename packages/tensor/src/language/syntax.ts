/** Takes places of an axis: one, or every `step`-th from `start` up to `stop`; `null` bounds are open. */
export type AxisSlice =
  | { readonly kind: 'index'; readonly at: number }
  | {
      readonly kind: 'range'
      readonly start: number | null
      readonly stop: number | null
      readonly step: number
    }
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'new-axis' }

/** Is an expression over arrays. `offset` is the place in the text, for errors. */
export type Syntax =
  | { readonly kind: 'number'; readonly value: number; readonly offset: number }
  | { readonly kind: 'name'; readonly name: string; readonly offset: number }
  | { readonly kind: 'negate'; readonly operand: Syntax; readonly offset: number }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Syntax
      readonly right: Syntax
      readonly offset: number
    }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly args: readonly Syntax[]
      readonly options: ReadonlyMap<string, Syntax>
      readonly offset: number
    }
  | {
      readonly kind: 'slice'
      readonly array: Syntax
      readonly slices: readonly AxisSlice[]
      readonly offset: number
    }
  | { readonly kind: 'list'; readonly items: readonly Syntax[]; readonly offset: number }

/** Names the operators between two arrays. */
export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '**' | '@' | '<' | '<=' | '>' | '>=' | '==' | '!='
