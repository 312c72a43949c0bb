import { isSheafError, registerAggregates, registerFunctions } from '@sheafdb/core'
import fc from 'fast-check'
import { aggregates } from '../../src/functions/aggregates.ts'
import { functions } from '../../src/functions/index.ts'
import { check } from '../../src/language/check.ts'
import { lower } from '../../src/language/lower.ts'
import { parse } from '../../src/language/parser.ts'

registerFunctions(functions)
registerAggregates(aggregates)

/** Holds queries with every clause and kind of expression. */
export const SEEDS: readonly string[] = [
  `MATCH (a:A|B {x: 1})-[r:R*1..3]->(b) WHERE a.y > 2 AND NOT (a)-->(b) OPTIONAL MATCH (b)--(c) RETURN a, collect(c.z)[0] AS z ORDER BY z DESC SKIP 1 LIMIT 2`,
  `UNWIND [1, 2.5, 'x', null] AS x WITH x, count(*) AS n WHERE n > 1 RETURN CASE x WHEN 1 THEN 'a' ELSE 'b' END AS c, [y IN range(0, n) WHERE y % 2 = 0 | y ^ 2] AS l`,
  `MATCH p = shortestPath((a)-[:R*]-(b)) RETURN length(p), nodes(p), EXISTS { MATCH (a)-->(b) WHERE b.x = a.x }, COUNT { (a)--() }`,
  `MATCH (n) CALL { WITH n MATCH (n)-->(m) RETURN m.x AS mx } RETURN n {.a, .*, b: mx}, reduce(s = 0, i IN [1, 2] | s + i) UNION ALL MATCH (n) RETURN n`,
  `USE g MATCH p = SHORTEST 3 PATHS (a)-[:R]->{1,4}(b) MATCH (x)((y)-[r:R]->(z) WHERE y.v < z.v){,3}(w) LET k = size(r) FILTER k > 1 RETURN k AS n NEXT RETURN n`,
  `LOAD CSV WITH HEADERS FROM $x AS row FIELDTERMINATOR ';' CALL (row) { MERGE (n:$(row.label) {id: row.id}) ON CREATE SET n += row } IN TRANSACTIONS OF 10 ROWS ON ERROR CONTINUE REPORT STATUS AS s RETURN s`,
  `CREATE CONSTRAINT c IF NOT EXISTS FOR (n:A) REQUIRE (n.x, n.y) IS NODE KEY`,
  `MATCH (a) FOREACH (i IN [1, 2] | CREATE (a)-[:R {i: i}]->(:B)) DETACH DELETE a`,
]
const PIECES = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '-',
  '->',
  '<-',
  ':',
  '|',
  ',',
  '.',
  '..',
  '*',
  '+',
  '=',
  '<',
  '$x',
  "'",
  '"',
  '`',
  '1',
  '1.5',
  'a',
  'n',
  ' NOT ',
  ' IN ',
  ' IS NULL ',
  ' WITH ',
  ' MATCH ',
  ' RETURN ',
  ' AS ',
  '\u2014',
  '/*',
  '//',
  '\\',
]

/** Draws queries that were written right and then cut and mended at a few places. */
export const mutatedQuery: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(400), fc.nat(12), fc.constantFrom('', ...PIECES)), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([seed, changes]) =>
    changes.reduce(
      (text, [at, cut, piece]) =>
        text.slice(0, at % text.length) + piece + text.slice((at % text.length) + cut),
      seed,
    ),
  )

const NO_PARAMETER = 'unreachable without parameters'

/** Parses, checks and lowers a query; gives the message of its error, `null` where it has none. @throws what is our own fault */
export function tryQuery(text: string): string | null {
  try {
    const statement = parse(text)
    check(statement)
    lower(statement, {
      schema: {
        nodes: 'graph:g.nodes',
        edges: 'graph:g.edges',
        types: ['R'],
        kinds: { node: new Map(), relationship: new Map() },
        ends: [],
      },
      parameterType: () => {
        throw new Error(NO_PARAMETER)
      },
      parameterValue: () => null,
      procedure: () => undefined,
      now: () => 0,
    })
    return null
  } catch (error) {
    if (error instanceof Error && error.message === NO_PARAMETER) return null
    if (!isSheafError(error) || isSheafError(error, 'INTERNAL', 'NOT_FOUND')) throw error
    return error.message
  }
}
