import { type Column, columnReader, dictionaryOf, makeField, type Value } from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { GraphSchema } from '../layout/schema.ts'
import { propertyRows, readProperties } from './properties.ts'
import { touch } from './rules.ts'
import { forgetLabels, observe, sessionSchema, type UpdateSession } from './session.ts'
import { labelColumn } from './write.ts'

/** Names the kinds of entities that have properties. */
export type EntityKind = 'node' | 'relationship'

/** Holds the state of the entities that changes touch, read once and written once. */
export class Touched {
  readonly #session: UpdateSession
  readonly #schema: GraphSchema
  readonly properties: Record<EntityKind, Map<number, Record<string, Value>>> = {
    node: new Map(),
    relationship: new Map(),
  }
  readonly labels: Map<number, string[]> = new Map()
  readonly changed: Record<EntityKind, Set<number>> = { node: new Set(), relationship: new Set() }
  readonly relabelled: Set<number> = new Set()
  /** Labels that some node has lost. */
  readonly lost: Set<string> = new Set()

  constructor(session: UpdateSession) {
    this.#session = session
    this.#schema = sessionSchema(session)
  }

  table(kind: EntityKind): string {
    return kind === 'node' ? this.#schema.nodes : this.#schema.edges
  }

  loadProperties(kind: EntityKind, ids: ReadonlySet<number>): void {
    const source = this.#session.transaction.snapshot.source(this.table(kind))
    for (const [id, own] of readProperties(source, Float64Array.from(ids))) this.properties[kind].set(id, own)
  }

  loadLabels(ids: ReadonlySet<number>): void {
    if (ids.size === 0) return
    const list = Float64Array.from(ids)
    const request = {
      field: 'labels',
      type: new List(makeField('item', dictionaryOf(), { nullable: false })),
    }
    const { columns, found } = this.#session.transaction.snapshot
      .source(this.#schema.nodes)
      .gather(list, [request])
    const read = columnReader(columns[0] as Column)
    for (let at = 0; at < list.length; at += 1) {
      if (found[at] !== 0) this.labels.set(list[at] as number, [...(read(at) as readonly string[])])
    }
  }

  write(): void {
    const { transaction } = this.#session
    for (const kind of ['node', 'relationship'] as const) {
      const ids = Float64Array.from(this.changed[kind])
      if (ids.length === 0) continue
      const rows = Array.from(ids, (id) => this.properties[kind].get(id) ?? {})
      observe(transaction, this.#session.graph, kind, rows)
      transaction.update(this.table(kind), ids, propertyRows(rows))
      touch(transaction, this.table(kind), kind, ids)
    }
    forgetLabels(transaction, this.#session.graph, this.lost)
    const ids = Float64Array.from(this.relabelled)
    if (ids.length === 0) return
    const labels = Array.from(ids, (id) => this.labels.get(id) ?? [])
    transaction.update(this.#schema.nodes, ids, {
      fields: ['labels'],
      columns: [labelColumn(labels)],
      length: ids.length,
    })
    touch(transaction, this.#schema.nodes, 'node', ids)
  }
}
