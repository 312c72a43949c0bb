import {
  type ColumnExpression,
  column,
  type DataType,
  type Expression,
  literal,
  named,
  type PlanField,
  project,
  types,
  union,
} from '@sheafdb/core'
import { type Binding, decodeVariables, hasWholeId, type NativeKind, type Relation } from './relation.ts'

type Form =
  | { readonly kind: 'id' }
  | { readonly kind: 'term' }
  | { readonly kind: 'native'; readonly native: NativeKind; readonly type: DataType }

/** Gives the solutions of all relations. A variable keeps its ids where every relation has them, else it becomes a term. */
export function unionRelations(
  relations: readonly Relation[],
  termsTable: string,
  only?: readonly string[],
): Relation {
  const names = only ?? [...new Set(relations.flatMap((relation) => [...relation.bindings.keys()]))]
  const forms = new Map(names.map((name) => [name, commonForm(relations, name)]))
  const terms = names.filter((name) => forms.get(name)?.kind === 'term')
  const plans = relations.map((relation) => {
    const ready = decodeVariables(relation, terms, termsTable)
    return project(
      ready.plan,
      // A column may serve two variables (`BIND(?a AS ?b)`): `project` gives the second a new id.
      names.map((name) => named(name, columnOf(ready.bindings.get(name), forms.get(name) as Form))),
    )
  })
  const plan = union(plans)
  const bindings = new Map<string, Binding>()
  for (const [index, name] of names.entries()) {
    const found = column(plan.output[index] as PlanField)
    const certain = relations.every((relation) => relation.bindings.get(name)?.certain === true)
    bindings.set(name, bindingOf(found, forms.get(name) as Form, certain))
  }
  return { plan, bindings, rowCount: relations.reduce((sum, relation) => sum + relation.rowCount, 0) }
}

function commonForm(relations: readonly Relation[], name: string): Form {
  const bindings = relations.flatMap((relation) => {
    const binding = relation.bindings.get(name)
    return binding === undefined ? [] : [binding]
  })
  if (bindings.every(hasWholeId)) return { kind: 'id' }
  const native = bindings[0]?.native
  if (native !== undefined && bindings.every((binding) => binding.native?.kind === native.kind))
    return { kind: 'native', native: native.kind, type: native.column.type }
  return { kind: 'term' }
}

function columnOf(binding: Binding | undefined, form: Form): Expression {
  const found: ColumnExpression | undefined =
    form.kind === 'native' ? binding?.native?.column : binding?.[form.kind]
  if (found !== undefined) return found
  if (form.kind === 'native') return literal(null, form.type)
  return literal(null, form.kind === 'id' ? types.int64 : types.variant)
}

function bindingOf(found: ColumnExpression, form: Form, certain: boolean): Binding {
  if (form.kind === 'id') return { id: found, certain }
  return form.kind === 'term'
    ? { term: found, certain }
    : { native: { column: found, kind: form.native }, certain }
}
