import {
  type Column,
  columnReader,
  dictionaryOf,
  makeField,
  SheafError,
  types,
  type Value,
  type WriteTransaction,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { valueHasType } from '../functions/value-type.ts'
import type { SchemaCommand } from '../language/syntax.ts'
import { hasIndex, isChecked, type NamedRule, named, rulesFromOptions, sameRule } from '../layout/rules.ts'
import { type GraphSchema, graphSchema, MODEL_NAME } from '../layout/schema.ts'
import type { Properties } from '../values.ts'
import { ensureGraph } from './session.ts'

/** Carries out a command about constraints and indexes; gives the rows that it shows. */
export function runCommand(
  transaction: WriteTransaction,
  graph: string,
  command: SchemaCommand,
): Record<string, Value>[] {
  switch (command.kind) {
    case 'createRule':
      createRule(transaction, graph, named(command.rule), command.ifMissing)
      return []
    case 'dropRule':
      dropRule(transaction, graph, command)
      return []
    case 'showRules':
      return rulesOf(transaction, graph)
        .filter(({ kind }) => (command.what === 'index' ? hasIndex({ kind } as NamedRule) : kind !== 'index'))
        .map(({ name, kind, entity, label, properties, types: wanted }) => ({
          name,
          type: kind.toUpperCase(),
          entityType: entity.toUpperCase(),
          labelsOrTypes: [label],
          properties: [...properties],
          propertyType: wanted.length === 0 ? null : wanted.join(' | '),
        }))
  }
}

/** Lists the constraints and indexes of a graph. */
export function rulesOf(transaction: WriteTransaction, graph: string): readonly NamedRule[] {
  return rulesFromOptions(transaction.snapshot.catalog.collection(MODEL_NAME, graph)?.options['rules'])
}

function keepRules(transaction: WriteTransaction, graph: string, rules: readonly NamedRule[]): void {
  const collection = transaction.snapshot.catalog.collection(MODEL_NAME, graph)
  transaction.setOptions(MODEL_NAME, graph, { ...collection?.options, rules })
}

function createRule(transaction: WriteTransaction, graph: string, rule: NamedRule, ifMissing: boolean): void {
  const schema = ensureGraph(transaction, graph)
  const known = rulesOf(transaction, graph)
  const same = known.find((other) => other.name === rule.name || sameRule(other, rule))
  if (same !== undefined) {
    if (ifMissing) return
    throw new SheafError(
      'ALREADY_EXISTS',
      `There is such a constraint or index already. Drop it first, or write IF NOT EXISTS: ${same.name}`,
    )
  }
  if (isChecked(rule)) checkAll(transaction, schema, rule)
  if (hasIndex(rule)) transaction.createIndex(tableOf(schema, rule), indexOfRule(rule))
  keepRules(transaction, graph, [...known, rule])
}

function dropRule(
  transaction: WriteTransaction,
  graph: string,
  { name, what, ifThere }: Extract<SchemaCommand, { kind: 'dropRule' }>,
): void {
  const known = rulesOf(transaction, graph)
  const rule = known.find((other) => other.name === name && (other.kind === 'index') === (what === 'index'))
  if (rule === undefined) {
    if (ifThere) return
    throw new SheafError('NOT_FOUND', `There is no ${what} of this name: ${name}`)
  }
  if (hasIndex(rule)) transaction.dropIndex(tableOf(ensureGraph(transaction, graph), rule), name)
  keepRules(
    transaction,
    graph,
    known.filter((other) => other !== rule),
  )
}

function tableOf(schema: GraphSchema, { entity }: NamedRule): string {
  return entity === 'node' ? schema.nodes : schema.edges
}

function indexOfRule({
  name,
  kind,
  entity,
  label,
  properties,
}: NamedRule): Parameters<WriteTransaction['createIndex']>[1] {
  const field = { field: 'properties' }
  return {
    name,
    parts: properties.map((property) => ({
      expression: { call: 'variant.get', args: [field, { value: property }] },
    })),
    unique: kind === 'index' ? null : 'nulls-distinct',
    where:
      entity === 'node'
        ? { call: 'cypher.has_label', args: [{ field: 'labels' }, { value: label }] }
        : { call: 'eq', args: [{ field: 'type' }, { value: label }] },
  }
}

const NODE_COLUMNS = [
  { field: 'labels', type: new List(makeField('item', dictionaryOf(), { nullable: false })) },
  { field: 'properties', type: types.variant },
]
const EDGE_COLUMNS = [
  { field: 'type', type: types.utf8 },
  { field: 'properties', type: types.variant },
]

type Readers = readonly [(at: number) => Value, (at: number) => Value]

function checkAll(transaction: WriteTransaction, schema: GraphSchema, rule: NamedRule): void {
  const columns = rule.entity === 'node' ? NODE_COLUMNS : EDGE_COLUMNS
  for (const batch of transaction.snapshot.source(tableOf(schema, rule)).scan({ columns, predicates: [] })) {
    const readers = batch.columns.map(columnReader) as unknown as Readers
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1)
      checkRow([rule], readers, batch.selection === null ? at : (batch.selection[at] as number))
  }
}

function checkRow(rules: readonly NamedRule[], [readKinds, readProperties]: Readers, at: number): void {
  const kinds = readKinds(at)
  for (const rule of rules) {
    const isMeant =
      rule.entity === 'node' ? (kinds as readonly string[]).includes(rule.label) : kinds === rule.label
    if (isMeant) checkProperties(rule, readProperties(at) as Properties)
  }
}

function checkProperties(rule: NamedRule, own: Properties): void {
  for (const property of rule.properties) {
    const value = Object.hasOwn(own, property) ? (own[property] ?? null) : null
    if (value === null) {
      if (rule.kind === 'type') continue
      throw violated(rule, `needs the property ${property}, which one does not have`)
    }
    if (rule.kind === 'type' && !rule.types.some((type) => valueHasType(value, type)))
      throw violated(rule, `asks that ${property} is ${rule.types.join(' or ')}, which one is not`)
  }
}

function violated({ name, entity, label }: NamedRule, what: string): SheafError {
  return new SheafError('CONSTRAINT', `The constraint ${name} on ${entity}s ${label} ${what}.`, {
    phase: 'runtime',
    detail: 'ConstraintViolation',
  })
}

type Touched = { readonly nodes: Set<number>; readonly edges: Set<number> }

const touchedRows = new WeakMap<WriteTransaction, Map<string, Touched>>()

/** Remembers rows that are written, where a constraint asks something of each. */
export function touch(
  transaction: WriteTransaction,
  table: string,
  kind: 'node' | 'relationship',
  ids: Float64Array,
): void {
  const graph = graphOfTable(transaction, table)
  if (graph === null || !rulesOf(transaction, graph).some((rule) => isChecked(rule) && rule.entity === kind))
    return
  const graphs = touchedRows.get(transaction) ?? new Map<string, Touched>()
  touchedRows.set(transaction, graphs)
  const touched = graphs.get(graph) ?? { nodes: new Set(), edges: new Set() }
  graphs.set(graph, touched)
  const set = kind === 'node' ? touched.nodes : touched.edges
  for (const id of ids) set.add(id)
}

function graphOfTable(transaction: WriteTransaction, table: string): string | null {
  return transaction.snapshot.catalog.table(table)?.collection ?? null
}

/** Checks what was written since the last check. @throws `CONSTRAINT` */
export function checkTouched(transaction: WriteTransaction): void {
  const graphs = touchedRows.get(transaction)
  if (graphs === undefined) return
  touchedRows.delete(transaction)
  for (const [graph, { nodes, edges }] of graphs) {
    const schema = graphSchema(transaction.snapshot.catalog, graph)
    if (schema === undefined) continue
    const rules = rulesOf(transaction, graph).filter(isChecked)
    checkRows(
      transaction,
      schema.nodes,
      nodes,
      rules.filter(({ entity }) => entity === 'node'),
    )
    checkRows(
      transaction,
      schema.edges,
      edges,
      rules.filter(({ entity }) => entity === 'relationship'),
    )
  }
}

function checkRows(
  transaction: WriteTransaction,
  table: string,
  ids: ReadonlySet<number>,
  rules: readonly NamedRule[],
): void {
  if (ids.size === 0 || rules.length === 0) return
  const requests = rules[0]?.entity === 'node' ? NODE_COLUMNS : EDGE_COLUMNS
  const { columns, found } = transaction.snapshot.source(table).gather(Float64Array.from(ids), requests)
  const readers = columns.map((item: Column) => columnReader(item)) as unknown as Readers
  for (let at = 0; at < ids.size; at += 1) if (found[at] !== 0) checkRow(rules, readers, at)
}
