import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  columnFromValues,
  columnNamed,
  type Expression,
  extend,
  filter,
  isFloat,
  isInteger,
  isText,
  type LogicalPlan,
  literal,
  named,
  type PlanField,
  planField,
  typeName,
  types,
  values,
  withFreshIds,
} from '@sheafdb/core'
import { numericOf } from '../../functions/literal-value.ts'
import { fromRdfTerm, type LiteralTerm, NamedNodeTerm } from '../../layout/term.ts'
import { RDF_NS, XSD_BOOLEAN, XSD_STRING } from '../../layout/vocabulary.ts'
import type { PathPatternSyntax, PatternSyntax } from '../syntax.ts'
import type { GroupPattern } from './basic-pattern.ts'
import { type Environment, variableName } from './environment.ts'
import { joinRelations } from './join.ts'
import { type Binding, type NativeKind, type Relation, termOfNative } from './relation.ts'
import { unionRelations } from './union.ts'
import { lowerViewPath } from './view-path.ts'
import type { ViewProperty, ViewTable } from './view-table.ts'

const RDF_TYPE = `${RDF_NS}type`

/** Joins a relation with patterns over tables: the triple patterns of one subject read one row. */
export function joinViewPatterns(
  seed: Relation | undefined,
  patterns: readonly GroupPattern[],
  environment: Environment,
): Relation | undefined {
  const relations = relationsOf(patterns, environment)
  return joinConnected(seed, relations, environment)
}

function relationsOf(patterns: readonly GroupPattern[], environment: Environment): Relation[] {
  // The triples of a view stand in the default graph: there are no other graphs.
  const { graph } = environment
  const isDefault = graph.kind === 'default' && (graph.graphs === 'all' || graph.graphs.includes(0))
  if (!isDefault && patterns.length > 0) {
    const names = patterns.flatMap(variablesOf)
    return [nothing([...new Set(graph.kind === 'each' ? [...names, graph.variable] : names)])]
  }
  const groups = new Map<string, PatternSyntax[]>()
  const paths: Relation[] = []
  for (const [index, pattern] of patterns.entries()) {
    if (pattern.type === 'path') paths.push(pathRelation(pattern, environment))
    else {
      // A predicate that is a variable may be any column of any table: such a pattern stands by itself.
      const open = pattern.predicate.termType !== 'NamedNode'
      const key = open ? `#${index}` : `${pattern.subject.termType} ${pattern.subject.value}`
      groups.set(key, [...(groups.get(key) ?? []), pattern])
    }
  }
  return [...[...groups.values()].map((group) => lowerSubject(group, environment)), ...paths]
}

function pathRelation({ subject, predicate, object }: PathPatternSyntax, environment: Environment): Relation {
  const joined = (relations: readonly Relation[]) =>
    joinConnected(undefined, relations, environment) as Relation
  return lowerViewPath({
    path: predicate,
    subject,
    object,
    environment,
    match: (patterns) => joined(relationsOf(patterns, environment)),
    join: joined,
  })
}

/** Joins relations, those that share a variable with what is there before the others. */
function joinConnected(
  seed: Relation | undefined,
  relations: readonly Relation[],
  { facts }: Environment,
): Relation | undefined {
  const remaining = [...relations]
  let found = seed
  while (remaining.length > 0) {
    const connected = remaining.findIndex((relation) =>
      [...relation.bindings.keys()].some((name) => found?.bindings.has(name) === true),
    )
    const [next] = remaining.splice(Math.max(0, connected), 1) as [Relation]
    found = found === undefined ? next : joinRelations(found, next, facts.termsTable)
  }
  return found
}

/** Lowers the patterns of one subject: the union over the tables that have all of their predicates. */
function lowerSubject(patterns: readonly PatternSyntax[], environment: Environment): Relation {
  const { tables = [] } = environment
  const branches = tables.flatMap((table) => branchesOf(table, patterns))
  const relations = branches.flatMap(({ table, steps }) => {
    const row = new RowPattern(table)
    return steps.every((step) => row.add(step)) ? [row.relation()] : []
  })
  if (relations.length === 1) return relations[0] as Relation
  const names = [...new Set(patterns.flatMap(variablesOf))]
  return relations.length === 0 ? nothing(names) : unionRelations(relations, '', names)
}

function variablesOf(pattern: GroupPattern): string[] {
  const ends = [pattern.subject, pattern.object]
  const terms = pattern.type === 'path' ? ends : [...ends, pattern.predicate]
  return terms.flatMap((term) => variableName(term) ?? [])
}

function nothing(names: readonly string[]): Relation {
  const fields = names.map((name) => planField(name, types.variant, false))
  const plan = values(
    fields,
    fields.map((field) => columnFromValues(field.type, [])),
    0,
  )
  const bindings = new Map(
    names.map((name, index): [string, Binding] => [
      name,
      { term: column(fields[index] as PlanField), certain: true },
    ]),
  )
  return { plan, bindings, rowCount: 0 }
}

/** Is a pattern with the column (`null`: the class) that its predicate means in one table. */
type Step = {
  readonly pattern: PatternSyntax
  readonly predicate: string
  readonly property: ViewProperty | null
}

function branchesOf(
  table: ViewTable,
  patterns: readonly PatternSyntax[],
): { readonly table: ViewTable; readonly steps: readonly Step[] }[] {
  const [first] = patterns as [PatternSyntax]
  if (first.predicate.termType !== 'NamedNode') {
    const all: [string, ViewProperty | null][] = [[RDF_TYPE, null], ...table.properties]
    return all.map(([predicate, property]) => ({ table, steps: [{ pattern: first, predicate, property }] }))
  }
  const steps: Step[] = []
  for (const pattern of patterns) {
    const predicate = pattern.predicate.value
    const property = predicate === RDF_TYPE ? null : table.properties.get(predicate)
    if (property === undefined) return []
    steps.push({ pattern, predicate, property })
  }
  return [{ table, steps }]
}

/** Collects what patterns ask of a row of a table. */
class RowPattern {
  readonly #table: ViewTable
  readonly #bindings = new Map<string, Binding>()
  #plan: LogicalPlan

  constructor(table: ViewTable) {
    this.#table = table
    this.#plan = withFreshIds(table.plan)
  }

  relation(): Relation {
    return { plan: this.#plan, bindings: this.#bindings, rowCount: 1000 }
  }

  /** Adds a pattern; false where no row can match it. */
  add({ pattern, predicate, property }: Step): boolean {
    const subject = columnNamed(this.#plan, this.#table.key)
    const { prefix } = this.#table
    if (!this.#place(pattern.subject, { column: subject, kind: `iri:${prefix}` })) return false
    const name = variableName(pattern.predicate)
    if (name !== undefined && !this.#constant(name, new NamedNodeTerm(predicate))) return false
    if (property === null) return this.#type(pattern.object)
    const value = columnNamed(this.#plan, property.column)
    this.#require(value)
    const kind = property.reference === null ? nativeKind(value) : (`iri:${property.reference}` as const)
    if (kind !== null) return this.#place(pattern.object, { column: value, kind })
    return this.#dynamic(pattern.object, value)
  }

  #where(predicate: Expression): true {
    this.#plan = filter(this.#plan, predicate)
    return true
  }

  /** A column that is null makes no triple. */
  #require(value: ColumnExpression): void {
    if (value.nullable) this.#where(call('is_not_null', value))
  }

  #type(object: RDF.Term): boolean {
    const name = variableName(object)
    if (name === undefined) return object.termType === 'NamedNode' && object.value === this.#table.type
    return this.#constant(name, new NamedNodeTerm(this.#table.type))
  }

  /** Binds a variable to a term that is the same in each row. */
  #constant(name: string, term: NamedNodeTerm): boolean {
    const known = this.#bindings.get(name)
    if (known !== undefined)
      return this.#where(call('sparql.same_term', termOf(known), literal(term, types.variant)))
    this.#compute(name, literal(term, types.variant))
    return true
  }

  #compute(name: string, expression: Expression): void {
    this.#plan = extend(this.#plan, [named(name, expression)])
    const term = column(this.#plan.output.at(-1) as PlanField)
    this.#bindings.set(name, { term, certain: true })
  }

  /** Binds a place of a pattern to a column, or compares the column with what the place fixes. */
  #place(term: RDF.Term, native: NonNullable<Binding['native']>): boolean {
    const name = variableName(term)
    if (name === undefined) {
      const plain = plainConstant(term, native)
      return plain === null ? false : this.#where(call('eq', native.column, plain))
    }
    const known = this.#bindings.get(name)
    if (known?.native?.column.id === native.column.id) return true
    if (known === undefined) this.#bindings.set(name, { native, certain: true })
    else if (known.native?.kind === native.kind) this.#where(call('eq', known.native.column, native.column))
    else this.#where(call('sparql.same_term', termOf(known), termOfNative(native)))
    return true
  }

  /** Binds a place to a column whose values are of a kind that is known at run time only. */
  #dynamic(object: RDF.Term, value: ColumnExpression): boolean {
    const term =
      typeName(value.type) === 'date32<day>'
        ? call('sparql.from_days', value)
        : call('sparql.from_value', call('cast.variant', value))
    const name = variableName(object)
    if (name === undefined)
      return this.#where(call('sparql.same_term', term, literal(fromRdfTerm(object), types.variant)))
    const known = this.#bindings.get(name)
    if (known !== undefined) return this.#where(call('sparql.same_term', term, termOf(known)))
    this.#compute(name, term)
    // Lists and objects are no literals: they make no triple.
    return this.#where(call('is_not_null', columnNamed(this.#plan, name)))
  }
}

function termOf({ term, native }: Binding): Expression {
  if (term !== undefined) return term
  if (native === undefined) throw new TypeError('a variable of a view has a column')
  return termOfNative(native)
}

function nativeKind({ type }: ColumnExpression): NativeKind | null {
  if (isInteger(type)) return 'integer'
  if (isFloat(type)) return 'double'
  if (isText(type)) return 'string'
  return typeName(type) === 'bool' ? 'boolean' : null
}

/** Gives the plain value that a column must have for a constant; null where it cannot have it. */
function plainConstant(
  term: RDF.Term,
  { column: target, kind }: NonNullable<Binding['native']>,
): Expression | null {
  if (kind.startsWith('iri:')) return keyOfIri(term, kind.slice('iri:'.length), target)
  if (term.termType !== 'Literal') return null
  const constant = fromRdfTerm(term) as LiteralTerm
  const number = numericOf(constant)
  switch (kind) {
    case 'integer':
      return number?.kind === 'integer' ? literal(number.value, types.int64) : null
    case 'double':
      return number?.kind === 'double' ? literal(number.value, types.float64) : null
    case 'string':
      return term.datatype.value === XSD_STRING ? literal(term.value, types.utf8) : null
    default:
      return term.datatype.value === XSD_BOOLEAN ? literal(term.value === 'true', types.bool) : null
  }
}

/** Reads the key out of the IRI of a row. */
function keyOfIri(term: RDF.Term, prefix: string, target: ColumnExpression): Expression | null {
  if (term.termType !== 'NamedNode' || !term.value.startsWith(prefix)) return null
  const encoded = term.value.slice(prefix.length)
  let key: string
  try {
    key = decodeURIComponent(encoded)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
  if (encodeURIComponent(key) !== encoded) return null
  if (isText(target.type)) return literal(key, types.utf8)
  if (isInteger(target.type))
    return /^(?:0|-?[1-9]\d{0,14})$/.test(key) ? literal(Number(key), types.int64) : null
  if (typeName(target.type) === 'variant')
    return /^(?:0|-?[1-9]\d{0,14})$/.test(key)
      ? literal(Number(key), types.variant)
      : literal(key, types.variant)
  return null
}
