import { openStore } from '@sheafdb/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type RdfDataset, rdf } from '../../src/index.ts'

let store: Awaited<ReturnType<typeof open>>
let kb: RdfDataset
const open = () => openStore(':memory:', { models: [rdf()] })

beforeEach(async () => {
  store = await open()
  kb = store.rdf('kb')
  const lines = Array.from({ length: 2000 }, (_, at) => `<u:${at}> <u:p> <u:${(at * 7 + 1) % 2000}> .`)
  await kb.load(lines.join('\n'), { format: 'nt' })
})
afterEach(() => store.close())

const rejection = (text: string, timeout?: number) =>
  kb
    .query(text)
    .rows(timeout === undefined ? {} : { timeout })
    .then(
      () => 'answered',
      (error: { code: string }) => error.code,
    )

it('a timeout is kept by joins without a condition, by closures, and inside long chains of steps', async () => {
  expect(await rejection('SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }', 50)).toBe('TIMEOUT')
  expect(await rejection('SELECT (COUNT(*) AS ?n) { ?a <u:p>+ ?b . ?c <u:p>+ ?d }', 50)).toBe('TIMEOUT')
  const chain = Array.from({ length: 800 }, () => '<u:p>').join('/')
  expect(await rejection(`SELECT * { ?s ${chain} ?o }`, 200)).toBe('TIMEOUT')
})

it('a query that is nested too deep or too long is refused as such', async () => {
  const refused = async (text: string) => {
    try {
      return await rejection(text)
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(await refused(`SELECT * ${'{'.repeat(5000)} ?s ?p ?o ${'}'.repeat(5000)}`)).toBe('LIMIT')
  expect(await refused(`ASK { FILTER(${'('.repeat(5000)}1${')'.repeat(5000)}) }`)).toBe('LIMIT')
  const tests = Array.from({ length: 20_000 }, (_, at) => `?o != ${at}`).join(' && ')
  expect(await refused(`SELECT * { ?s ?p ?o FILTER(${tests}) }`)).toBe('LIMIT')
})
