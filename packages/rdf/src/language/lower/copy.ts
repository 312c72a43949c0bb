import {
  type ColumnExpression,
  call,
  column,
  distinct,
  filter,
  named,
  type PlanField,
  project,
  withFreshIds,
} from '@sheafdb/core'
import {
  type Binding,
  identityBinding,
  identityColumn,
  type Relation,
  withBindings,
  withPlan,
} from './relation.ts'

/** Gives a binding whose columns were replaced by others. */
export function movedBinding(binding: Binding, places: ReadonlyMap<number, PlanField>): Binding {
  const moved = (known: ColumnExpression) => column(places.get(known.id) as PlanField)
  return {
    certain: binding.certain,
    ...(binding.isResource === true ? { isResource: true } : {}),
    ...(binding.id === undefined ? {} : { id: moved(binding.id), idIsPartial: binding.idIsPartial === true }),
    ...(binding.term === undefined ? {} : { term: moved(binding.term) }),
    ...(binding.native === undefined
      ? {}
      : { native: { column: moved(binding.native.column), kind: binding.native.kind } }),
  }
}

/** Gives a relation again, under other column ids, so that it can stand twice in one plan. */
export function copyOf(relation: Relation): Relation {
  const plan = withFreshIds(relation.plan)
  const places = new Map(
    relation.plan.output.map((field, index) => [field.id, plan.output[index] as PlanField]),
  )
  const bindings = [...relation.bindings].map(([variable, binding]): [string, Binding] => [
    variable,
    movedBinding(binding, places),
  ])
  return { plan, bindings: new Map(bindings), rowCount: relation.rowCount }
}

/** Parts a relation into the rows that bind a variable and those that do not; the second no longer know it. */
export function partByVariable(
  relation: Relation,
  variable: string,
): { readonly bound: Relation; readonly unbound: Relation } {
  const binding = relation.bindings.get(variable) as Binding
  const found = binding.id ?? binding.native?.column ?? (binding.term as ColumnExpression)
  const bound = withBindings(withPlan(relation, filter(relation.plan, call('is_not_null', found))), [
    [variable, { ...binding, certain: true }],
  ])
  const others = withPlan(relation, filter(relation.plan, call('is_null', found)), relation.rowCount / 10)
  const bindings = new Map(relation.bindings)
  bindings.delete(variable)
  return { bound, unbound: copyOf({ ...others, bindings }) }
}

/**
 * Gives a function that makes a copy of some variables of a relation, each combination once, for a pattern to start
 * from.
 */
export function seedOf(relation: Relation, variables: readonly string[]): () => Relation {
  return () => {
    const copy = withFreshIds(relation.plan)
    const places = new Map(
      relation.plan.output.map((field, index) => [field.id, copy.output[index] as PlanField]),
    )
    const kept = variables.map((variable): [string, Binding] => [
      variable,
      identityBinding(movedBinding(relation.bindings.get(variable) as Binding, places)),
    ])
    const items = kept.map(([variable, binding]) => named(variable, identityColumn(binding)))
    const projected = project(copy, items)
    const plan = distinct(projected)
    const renamed = new Map(
      items.map((item, index) => [
        (item.expression as ColumnExpression).id,
        projected.output[index] as PlanField,
      ]),
    )
    const bindings = new Map(kept.map(([variable, binding]) => [variable, movedBinding(binding, renamed)]))
    return { plan, bindings, rowCount: relation.rowCount }
  }
}
