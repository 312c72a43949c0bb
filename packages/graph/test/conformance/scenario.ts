import { readFileSync } from 'node:fs'
import { isSheafError, openStore } from '@sheafdb/core'
import { type GraphApi, graph } from '../../src/index.ts'
import { rowsMatch } from './compare.ts'
import { parseValue, plainValue } from './notation.ts'

/** Is what a query of the kit must do. */
export type Expectation =
  | {
      readonly kind: 'rows'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
      readonly ordered?: boolean
      readonly ignoringListOrder?: boolean
      readonly sideEffects?: Readonly<Record<string, number>>
    }
  | { readonly kind: 'empty'; readonly sideEffects?: Readonly<Record<string, number>> }
  | {
      readonly kind: 'error'
      readonly error: { readonly type: string; readonly phase: string; readonly detail: string }
    }

/** Is a scenario of the kit. */
export type Scenario = {
  readonly id: string
  readonly category: string
  readonly graph?: string
  readonly setup: readonly string[]
  readonly parameters?: Readonly<Record<string, string>>
  readonly procedures?: readonly {
    readonly name: string
    readonly inputs: readonly { readonly name: string; readonly type: string }[]
    readonly outputs: readonly { readonly name: string; readonly type: string }[]
    readonly columns: readonly string[]
    readonly rows: readonly (readonly string[])[]
  }[]
  readonly query: string
  readonly expect: Expectation
  readonly control?: readonly { readonly query: string; readonly expect: Expectation }[]
}

/** Reads the kit's scenarios. */
export function readScenarios(folder: string): readonly Scenario[] {
  return JSON.parse(readFileSync(`${folder}/scenarios.json`, 'utf8')) as Scenario[]
}

/** Is how a scenario went: `null` where it passed, else why not. */
export type Verdict = {
  readonly failure: string | null
  readonly phaseRight: boolean
  readonly detailRight: boolean
}

type Graph = ReturnType<GraphApi>

/** Runs a scenario in a store of its own. */
export async function runScenario(scenario: Scenario, folder: string): Promise<Verdict> {
  const store = await openStore(':memory:', { models: [graph()] })
  const verdict = { phaseRight: true, detailRight: true }
  try {
    for (const { name, inputs, outputs, columns, rows } of scenario.procedures ?? []) {
      const values = rows.map((row) =>
        Object.fromEntries(columns.map((column, at) => [column, plainValue(parseValue(row[at] as string))])),
      )
      store.graph.procedure(name, { inputs, outputs, rows: values })
    }
    const target = store.graph('tck')
    const named =
      scenario.graph === undefined ? [] : [readFileSync(`${folder}/graphs/${scenario.graph}.cypher`, 'utf8')]
    for (const statement of [...named, ...scenario.setup]) await target.run(statement)
    const parameters = Object.fromEntries(
      Object.entries(scenario.parameters ?? {}).map(([name, text]) => [name, plainValue(parseValue(text))]),
    )
    const failure = await runQuery(target, scenario.query, parameters, scenario.expect, verdict)
    if (failure !== null) return { failure, ...verdict }
    for (const { query, expect } of scenario.control ?? []) {
      const second = await runQuery(target, query, parameters, expect, verdict)
      if (second !== null) return { failure: `control: ${second}`, ...verdict }
    }
    return { failure: null, ...verdict }
  } catch (error) {
    return { failure: `setup: ${describe(error)}`, ...verdict }
  } finally {
    await store.close()
  }
}

function describe(error: unknown): string {
  if (isSheafError(error)) return `${error.code} ${error.detail ?? ''} ${error.message.split('\n')[0]}`
  return error instanceof Error ? `not a SheafError: ${error.stack}` : String(error)
}

const ENGINE_FAULTS = [
  'UNSUPPORTED',
  'INTERNAL',
  'CORRUPT',
  'LOCKED',
  'MEMORY_LIMIT',
  'TIMEOUT',
  'CLOSED',
  'IO',
] as const

async function runQuery(
  target: Graph,
  query: string,
  parameters: Record<string, unknown>,
  expect: Expectation,
  verdict: { phaseRight: boolean; detailRight: boolean },
): Promise<string | null> {
  const before = await observe(target)
  let result: Awaited<ReturnType<Graph['run']>>
  try {
    result = await target.run(query, parameters)
  } catch (error) {
    if (expect.kind !== 'error') return describe(error)
    if (!isSheafError(error) || isSheafError(error, ...ENGINE_FAULTS)) return describe(error)
    const { phase, detail } = expect.error
    verdict.phaseRight = phase === 'any time' || error.phase === phase
    verdict.detailRight = detail === '*' || error.detail === detail || error.message.includes(detail)
    return sideEffects(before, await observe(target)).size === 0
      ? null
      : 'a query that failed changed the graph'
  }
  if (expect.kind === 'error')
    return `no error, but ${expect.error.detail} (${expect.error.phase}) is expected`
  const effects = checkEffects(
    expect.sideEffects ?? {},
    sideEffects(before, await observe(target)),
    result.counters,
  )
  if (effects !== null) return effects
  return checkRows(expect, result.rows)
}

function checkRows(
  expect: Exclude<Expectation, { kind: 'error' }>,
  rows: readonly Record<string, unknown>[],
): string | null {
  if (expect.kind === 'empty') return rows.length === 0 ? null : `${rows.length} rows where none is expected`
  const [first] = rows
  if (
    first !== undefined &&
    [...Object.keys(first)].sort().join('\n') !== [...expect.columns].sort().join('\n')
  ) {
    return `columns ${Object.keys(first).join(', ')} in place of ${expect.columns.join(', ')}`
  }
  const values = rows.map((row) => expect.columns.map((column) => row[column]))
  const wanted = expect.rows.map((row) => row.map(parseValue))
  const options = { ordered: expect.ordered === true, anyListOrder: expect.ignoringListOrder === true }
  return rowsMatch(wanted, values, options)
    ? null
    : `rows ${show(values)} in place of ${JSON.stringify(expect.rows)}`
}

function show(values: unknown): string {
  return JSON.stringify(values, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  ).slice(0, 400)
}

type Observed = {
  readonly nodes: ReadonlySet<string>
  readonly relationships: ReadonlySet<string>
  readonly properties: ReadonlySet<string>
  readonly labels: ReadonlySet<string>
}

async function observe(target: Graph): Promise<Observed> {
  const nodes = (await target.run('MATCH (n) RETURN n')).rows.map(
    ({ n }) => n as { id: number; labels: string[]; properties: object },
  )
  const edges = (await target.run('MATCH ()-[r]->() RETURN r')).rows.map(
    ({ r }) => r as { id: number; properties: object },
  )
  const triples = (kind: string, entities: readonly { id: number; properties: object }[]): string[] =>
    entities.flatMap(({ id, properties }) =>
      Object.entries(properties).map(([key, value]) => `${kind}${id} ${key} ${typeof value} ${show(value)}`),
    )
  return {
    nodes: new Set(nodes.map(({ id }) => String(id))),
    relationships: new Set(edges.map(({ id }) => String(id))),
    properties: new Set([...triples('n', nodes), ...triples('r', edges)]),
    labels: new Set(nodes.flatMap(({ labels }) => labels)),
  }
}

function sideEffects(before: Observed, after: Observed): ReadonlyMap<string, number> {
  const effects = new Map<string, number>()
  for (const key of ['nodes', 'relationships', 'properties', 'labels'] as const) {
    const added = [...after[key]].filter((item) => !before[key].has(item)).length
    const gone = [...before[key]].filter((item) => !after[key].has(item)).length
    if (added > 0) effects.set(`+${key}`, added)
    if (gone > 0) effects.set(`-${key}`, gone)
  }
  return effects
}

function checkEffects(
  expected: Readonly<Record<string, number>>,
  found: ReadonlyMap<string, number>,
  counters: Awaited<ReturnType<Graph['run']>>['counters'],
): string | null {
  const names = new Set([...Object.keys(expected), ...found.keys()])
  for (const name of names) {
    if ((expected[name] ?? 0) !== (found.get(name) ?? 0))
      return `side effects ${JSON.stringify([...found])} in place of ${JSON.stringify(expected)}`
  }
  const net = (name: string): number => (found.get(`+${name}`) ?? 0) - (found.get(`-${name}`) ?? 0)
  if (counters.nodesCreated - counters.nodesDeleted !== net('nodes'))
    return 'the counters of nodes do not agree'
  if (counters.relationshipsCreated - counters.relationshipsDeleted !== net('relationships'))
    return 'the counters of relationships do not agree'
  if (counters.labelsAdded < (found.get('+labels') ?? 0)) return 'the counter of labels added is too low'
  return counters.propertiesSet < (found.get('+properties') ?? 0)
    ? 'the counter of properties set is too low'
    : null
}
