import { explainPlan, openStore, type Store, typeOfValue } from '@sheafdb/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graph } from '../../src/index.ts'
import { check } from '../../src/language/check.ts'
import { lower } from '../../src/language/lower.ts'
import { parse } from '../../src/language/parser.ts'

let store: Store<readonly [ReturnType<typeof graph>]>

beforeAll(async () => {
  store = await openStore(':memory:', { models: [graph()] })
})

afterAll(() => store.close())

const SCHEMA = {
  nodes: 'graph:g.nodes',
  edges: 'graph:g.edges',
  types: ['KNOWS', 'LIKES'],
  kinds: { node: new Map(), relationship: new Map() },
  ends: [],
}

function planOf(text: string, parameters: Record<string, unknown> = {}): string {
  const statement = parse(text)
  check(statement)
  return explainPlan(
    lower(statement, {
      schema: SCHEMA,
      parameterType: (name) => typeOfValue(parameters[name]),
      parameterValue: (name) => parameters[name],
      procedure: () => undefined,
      now: () => 0,
    }),
  )
}

describe('lower', () => {
  it('starts from the node that is told by a value and expands from there, edges kept apart', () => {
    const plan = planOf('MATCH (a)-[:KNOWS]->(b)-[:KNOWS]->(c) WHERE a.id IN [1, 2] RETURN count(*) AS n')
    expect(plan.match(/expand/g)).toHaveLength(2)
    expect(plan.match(/scan/g)).toHaveLength(1)
    expect(plan).toContain("in(variant.get(properties, 'id')")
    expect(plan).toMatch(/except \[edge\]/)
  })

  it('asks for no uniqueness between edges whose types differ', () => {
    expect(planOf('MATCH (a)-[:KNOWS]->(b)-[:LIKES]->(c) RETURN count(*) AS n')).not.toMatch(/except/)
  })

  it('joins a node table only where a property or label of the node is read', () => {
    expect(planOf('MATCH (a)-[:KNOWS]->(b) RETURN id(b) AS b').match(/scan/g)).toHaveLength(1)
    expect(planOf('MATCH (a)-[:KNOWS]->(b) RETURN b.name AS b').match(/scan/g)).toHaveLength(2)
  })

  it('makes a semi-join of EXISTS in WHERE and an anti-join of its negation', () => {
    expect(planOf('MATCH (a) WHERE (a)-[:KNOWS]->() RETURN id(a) AS a')).toMatch(/semi/)
    expect(planOf('MATCH (a) WHERE NOT EXISTS { (a)-[:KNOWS]->() } RETURN id(a) AS a')).toMatch(/anti/)
  })

  it('finds a node by a value of the rows so far with a join on equal values', () => {
    const plan = planOf('UNWIND $rows AS row MATCH (n {id: row.id}) RETURN id(n) AS n', { rows: [{ id: 1 }] })
    expect(plan).toMatch(/join/)
    expect(plan).not.toMatch(/cross/)
  })

  it('searches reachable nodes once where nobody counts the ways', () => {
    expect(planOf('MATCH (a {id: 1})-[:KNOWS*1..8]->(b) RETURN DISTINCT b.name AS b')).toMatch(/reachability/)
    expect(planOf('MATCH (a {id: 1})-[:KNOWS*]->(b) RETURN count(DISTINCT b) AS n')).toMatch(/reachability/)
    expect(planOf('MATCH (a {id: 1})-[:KNOWS*]->(b) RETURN count(b) AS n')).not.toMatch(/reachability/)
    expect(planOf('MATCH (a {id: 1})-[:KNOWS*]-(b) RETURN DISTINCT b.name AS b')).not.toMatch(/reachability/)
    expect(planOf('MATCH (a {id: 1})-[r:KNOWS*]->(b) RETURN DISTINCT size(r) AS n')).not.toMatch(
      /reachability/,
    )
  })
})
