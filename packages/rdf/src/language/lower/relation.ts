import {
  type ColumnExpression,
  call,
  column,
  extend,
  extension,
  type LogicalPlan,
  literal,
  named,
  planField,
  types,
} from '@sheafdb/core'

/**
 * Is where a plan keeps the value of a variable. A variable bound by data is an integer, its term id; one that was
 * computed is a term (variant) or a value of a known type. Several forms may stand beside each other; null is unbound.
 */
export type Binding = {
  /** The term id. */
  readonly id?: ColumnExpression
  /** True where `id` is -1 for terms that the dataset does not hold: then it finds stored ids, and nothing else. */
  readonly idIsPartial?: boolean
  /** The term itself. */
  readonly term?: ColumnExpression
  /** A plain value whose datatype is the same in each row. */
  readonly native?: NativeColumn
  /** True where the variable is bound in each row. */
  readonly certain: boolean
  /** True where a triple has its value as subject or object: only then an empty path leads from it to itself. */
  readonly isNode?: boolean
  /** True where its values are IRIs or blank nodes: subjects, predicates and graphs. Such are equal by their ids alone. */
  readonly isResource?: boolean
}

/** Is a column of plain values that all are literals of one datatype. */
export type NativeColumn = { readonly column: ColumnExpression; readonly kind: NativeKind }

/**
 * Names what plain values stand for: literals of xsd:integer, xsd:double, xsd:string, xsd:boolean, or IRIs that have a
 * start in common, after which the values follow.
 */
export type NativeKind = 'integer' | 'double' | 'string' | 'boolean' | `iri:${string}`

/** Is a plan and where it keeps the variables of SPARQL. */
export type Relation = {
  readonly plan: LogicalPlan
  readonly bindings: ReadonlyMap<string, Binding>
  /** A guess of the count of rows. */
  readonly rowCount: number
}

/** Tells whether a variable's id column finds and tells apart all its values. */
export function hasWholeId(binding: Binding): binding is Binding & { readonly id: ColumnExpression } {
  return binding.id !== undefined && binding.idIsPartial !== true
}

/** Gives a relation another plan over the same columns. */
export function withPlan(
  relation: Relation,
  plan: LogicalPlan,
  rowCount: number = relation.rowCount,
): Relation {
  return { plan, bindings: relation.bindings, rowCount }
}

/** Gives a relation more or other bindings. */
export function withBindings(relation: Relation, changed: Iterable<readonly [string, Binding]>): Relation {
  return { ...relation, bindings: new Map([...relation.bindings, ...changed]) }
}

/** Turns values of one datatype into terms. */
export function termOfNative({ column: value, kind }: NativeColumn): ReturnType<typeof call> {
  if (kind.startsWith('iri:'))
    return call('sparql.from_key', literal(kind.slice('iri:'.length), types.utf8), value)
  return call(`sparql.from_${kind}`, value)
}

/**
 * Makes sure that variables have their terms beside their ids: gathers those that are missing from the dictionary, in
 * one step of the plan.
 */
export function decodeVariables(
  relation: Relation,
  variables: Iterable<string>,
  termsTable: string,
): Relation {
  const gathered: { readonly variable: string; readonly id: ColumnExpression }[] = []
  const converted: { readonly variable: string; readonly native: NativeColumn }[] = []
  for (const variable of new Set(variables)) {
    const binding = relation.bindings.get(variable)
    if (binding === undefined || binding.term !== undefined) continue
    if (binding.native !== undefined) converted.push({ variable, native: binding.native })
    else if (binding.id !== undefined) gathered.push({ variable, id: binding.id })
  }
  const changed: [string, Binding][] = []
  let { plan } = relation
  if (converted.length > 0) {
    const items = converted.map(({ variable, native }) => named(variable, termOfNative(native)))
    plan = extend(plan, items)
    for (const [index, { variable }] of converted.entries()) {
      const field = plan.output[plan.output.length - items.length + index]
      changed.push([
        variable,
        { ...(relation.bindings.get(variable) as Binding), term: column(field as never) },
      ])
    }
  }
  if (gathered.length > 0) {
    const fields = gathered.map(({ variable, id }) => planField(variable, types.variant, id.nullable))
    plan = extension({
      operator: 'rdf.decode',
      inputs: [plan],
      expressions: gathered.map(({ id }) => id),
      settings: { terms: termsTable },
      output: [...plan.output, ...fields],
    })
    for (const [index, { variable }] of gathered.entries()) {
      const term = column(fields[index] as never)
      changed.push([variable, { ...(relation.bindings.get(variable) as Binding), term }])
    }
  }
  return changed.length === 0 ? relation : withBindings(withPlan(relation, plan), changed)
}

/** Makes sure that variables have an id: looks up computed terms in the dictionary, -1 for those not there. */
export function encodeVariables(
  relation: Relation,
  variables: Iterable<string>,
  termsTable: string,
): Relation {
  const wanted = [...new Set(variables)].filter((variable) => {
    const binding = relation.bindings.get(variable)
    return binding !== undefined && binding.id === undefined
  })
  if (wanted.length === 0) return relation
  const decoded = decodeVariables(relation, wanted, termsTable)
  const fields = wanted.map((variable) => {
    const term = decoded.bindings.get(variable)?.term as ColumnExpression
    return planField(variable, types.int64, term.nullable)
  })
  const plan = extension({
    operator: 'rdf.encode',
    inputs: [decoded.plan],
    expressions: wanted.map((variable) => decoded.bindings.get(variable)?.term as ColumnExpression),
    settings: { terms: termsTable },
    output: [...decoded.plan.output, ...fields],
  })
  return withBindings(
    withPlan(decoded, plan),
    wanted.map((variable, index) => [
      variable,
      {
        ...(decoded.bindings.get(variable) as Binding),
        id: column(fields[index] as never),
        idIsPartial: true,
      },
    ]),
  )
}

/** Gives the one column that tells a variable's values apart: its id, its plain value, or its term. */
export function identityColumn(binding: Binding): ColumnExpression {
  if (hasWholeId(binding)) return binding.id
  const column = binding.native?.column ?? binding.term
  if (column === undefined) throw new TypeError('a variable has no column')
  return column
}

/** Keeps one column of a binding: the one that tells its values apart. */
export function identityBinding(binding: Binding): Binding {
  const { certain } = binding
  if (hasWholeId(binding)) return { id: binding.id, certain }
  if (binding.native !== undefined) return { native: binding.native, certain }
  return binding.term === undefined ? { certain } : { term: binding.term, certain }
}

/** Gives the id column of a variable that has one. */
export function idOf(relation: Relation, variable: string): ColumnExpression {
  const id = relation.bindings.get(variable)?.id
  if (id === undefined) throw new TypeError(`a variable has no id: ${variable}`)
  return id
}
