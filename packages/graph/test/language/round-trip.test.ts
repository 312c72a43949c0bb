import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from '../../src/language/parser.ts'
import { mutatedQuery, SEEDS } from './mutations.ts'
import { unparse, withoutPlaces } from './unparse.ts'

function checkRoundTrip(text: string): void {
  const statement = parse(text)
  if (statement.command !== null) return
  const written = unparse(statement)
  expect(withoutPlaces(parse(written)), written).toEqual(withoutPlaces(statement))
}

const suites = process.env['SHEAF_SUITES'] ?? join(import.meta.dirname, '../../../../../shared/suites')
const scenarios = join(suites, 'opencypher-tck', 'scenarios.json')

describe('syntax written as text', () => {
  it('parses to the same syntax', () => {
    for (const text of SEEDS) checkRoundTrip(text)
    for (const text of [
      'RETURN 1.0, 1e300, 0.1, -9223372036854775808, 0x1F, -.5e-3',
      String.raw`RETURN 'a\'b\\c\n\t\u00e9', "d'e", [1, -2, [3]][0..-1][0], {a: 1}.a`,
      'MATCH (n:(A|B)&!C {x: $p})-[:R|S]-(m:$(n.l)) WHERE n:A:B AND (n IS NOT NULL OR NOT m.x <= 3 < n.y) XOR true RETURN *',
      'MERGE (a)-[r:R]->(b) ON CREATE SET a.x = 1, b += {y: 2}, a:L ON MATCH SET r = {} REMOVE a:L, b.y',
      'CALL a.b.c(1, 2) YIELD x AS y, z WHERE y > z RETURN y',
    ])
      checkRoundTrip(text)
  })

  it('does so for whatever mutated query parses', () => {
    fc.assert(
      fc.property(mutatedQuery, (text) => {
        try {
          parse(text)
        } catch {
          return
        }
        checkRoundTrip(text)
      }),
      { numRuns: 3000 },
    )
  })

  it.skipIf(!existsSync(scenarios))('does so for every query of the compatibility kit that parses', () => {
    const queries = new Set<string>()
    const collect = (part: unknown): void => {
      if (typeof part === 'string' && /\b(RETURN|CREATE|MERGE|MATCH|DELETE|SET)\b/.test(part))
        queries.add(part)
      else if (typeof part === 'object' && part !== null) Object.values(part).forEach(collect)
    }
    collect(JSON.parse(readFileSync(scenarios, 'utf8')))
    let count = 0
    for (const text of queries) {
      try {
        parse(text)
      } catch {
        continue
      }
      count += 1
      checkRoundTrip(text)
    }
    expect(count).toBeGreaterThan(1000)
  })
})
