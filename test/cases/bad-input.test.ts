import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSheafError, openStore, type SheafError } from '@sheafdb/core'
import { FaultFileSystem } from '@sheafdb/core/testing'
import { document } from '@sheafdb/document'
import { graph } from '@sheafdb/graph'
import { kv } from '@sheafdb/kv'
import { rdf } from '@sheafdb/rdf'
import { relational } from '@sheafdb/relational'
import { tensor } from '@sheafdb/tensor'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const models = () => [relational(), document(), graph(), rdf(), tensor(), kv()] as const

async function open(path: string) {
  return openStore(path, { models: models() })
}

/** Runs what must fail and gives its error, which must be ours. */
async function failure(work: () => unknown): Promise<SheafError> {
  try {
    await work()
  } catch (error) {
    if (isSheafError(error)) return error
    throw new Error(`another error than a SheafError: ${String(error)}`, { cause: error })
  }
  throw new Error('nothing failed')
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sheaf-bad-input-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('a text that does not parse', () => {
  const texts: Record<string, (store: Awaited<ReturnType<typeof open>>) => unknown> = {
    SQL: (store) => store.relational.query('SELECT 1 +\n  FROM FROM t').rows(),
    'an SQL statement': (store) => store.relational.run('CREATE TABLE t (a BIGINT,\n  b NOTYPE AT ALL(,)'),
    openCypher: (store) => store.graph('g').query('MATCH (a)\nRETURN a a a').rows(),
    SPARQL: (store) => store.rdf('r').query('SELECT ?x WHERE {\n ?x ?y }').rows(),
    'a SPARQL update': (store) => store.rdf('r').update('INSERT DATA {\n <a> <b> }'),
    Turtle: (store) => store.rdf('r').load('<http://a> <http://b>\n <http://c', { format: 'turtle' }),
    'MongoDB in SQL text': (store) => store.relational.query(`SELECT * FROM mongo('d', '{"a": }')`).rows(),
  }
  test.each(Object.keys(texts))(
    'of %s gives SYNTAX with its place and a caret, and changes nothing',
    async (language) => {
      const store = await open(':memory:')
      await store.document('d').insertOne({ _id: 1 })
      const before = store.version
      const error = await failure(() => texts[language]?.(store))
      expect(error.code).toBe('SYNTAX')
      expect(error.position?.line).toBeGreaterThanOrEqual(1)
      expect(error.message).toMatch(/\n *\^/)
      expect(store.version).toBe(before)
      await store.close()
    },
  )
})

test('an unknown table or collection gives NOT_FOUND', async () => {
  const store = await open(':memory:')
  expect((await failure(() => store.relational.query('SELECT * FROM nowhere').rows())).code).toBe('NOT_FOUND')
  expect((await failure(() => store.relational.run('INSERT INTO nowhere VALUES (1)'))).code).toBe('NOT_FOUND')
  expect((await failure(() => store.from('nowhere').rows())).code).toBe('NOT_FOUND')
  expect((await failure(() => store.relational.query(`SELECT * FROM nofunction('a')`).rows())).code).toBe(
    'NOT_FOUND',
  )
  await store.close()
})

test('a clash of types gives a typed error and changes nothing', async () => {
  const store = await open(':memory:')
  await store.relational.run('CREATE TABLE t (a BIGINT, b VARCHAR)')
  const before = store.version
  expect(['TYPE', 'VALUE']).toContain(
    (await failure(() => store.relational.run("INSERT INTO t VALUES (1, 'x'), ('y', 'z')"))).code,
  )
  expect((await failure(() => store.relational.query('SELECT a + [1] FROM t').rows())).code).toBe('TYPE')
  expect((await failure(() => store.graph('g').query('RETURN 1 + date()').rows())).code).toBe('TYPE')
  expect(
    (
      await failure(() =>
        store.tensor('v', { dtype: 'float32', shape: [2], metric: 'l2' }).put('a', new Float32Array(3)),
      )
    ).code,
  ).toBe('ARGUMENT')
  expect(store.version).toBe(before)
  expect(await store.relational('t').count()).toBe(0)
  await store.close()
})

test('a document nested 10,000 deep is refused, one with the key __proto__ comes back as it was', async () => {
  const store = await open(join(folder, 's'))
  let deep: unknown = 1
  for (let depth = 0; depth < 10_000; depth += 1) deep = { a: deep }
  expect((await failure(() => store.document('d').insertOne({ deep }))).code).toBe('LIMIT')
  const odd = JSON.parse('{"_id": 1, "__proto__": {"x": 1}, "constructor": 2, "a": {"__proto__": 3}}')
  await store.document('d').insertOne(odd)
  await store.close()
  const again = await open(join(folder, 's'))
  const found = await again.document('d').findOne({ _id: 1 })
  expect(JSON.stringify(found)).toBe(JSON.stringify(odd))
  expect(Object.keys(found as object)).toEqual(['_id', '__proto__', 'constructor', 'a'])
  expect(({} as { x?: number }).x).toBeUndefined()
  await again.graph('g').run('CREATE (:N $props)', { props: JSON.parse('{"__proto__": 5, "id": 1}') })
  await again.kv('k').put('__proto__', { a: 1 })
  expect(await again.kv('k').get('__proto__')).toEqual({ a: 1 })
  await again.close()
})

function segmentFiles(path: string): string[] {
  return readdirSync(join(path, 'segments'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function storeWithSegments(path: string): Promise<void> {
  const store = await open(path)
  await store.relational.run('CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)')
  await store.relational.run(`INSERT INTO t SELECT i, 'text ' || (i % 100) FROM range(100000) r(i)`)
  await store.compact()
  await store.close()
}

/** Reads everything of a store that was damaged; gives the errors. */
async function readDamaged(path: string): Promise<SheafError> {
  return failure(async () => {
    const store = await open(path)
    try {
      await store.relational.query('SELECT sum(a), max(b), min(b) FROM t').rows()
      await store.relational.query('SELECT * FROM t ORDER BY a').rows()
    } finally {
      await store.close()
    }
  })
}

test('a truncated segment gives CORRUPT and names the file', async () => {
  const path = join(folder, 's')
  await storeWithSegments(path)
  const [largest] = segmentFiles(path).sort((a, b) => readFileSync(b).length - readFileSync(a).length)
  truncateSync(largest as string, Math.floor(readFileSync(largest as string).length / 2))
  const error = await readDamaged(path)
  expect(error.code).toBe('CORRUPT')
  expect(`${error.path} ${error.message}`).toContain((largest as string).split('/').at(-1))
})

test('a flipped bit in a segment gives CORRUPT and names the file', async () => {
  const path = join(folder, 's')
  await storeWithSegments(path)
  const [largest] = segmentFiles(path).sort((a, b) => readFileSync(b).length - readFileSync(a).length)
  const bytes = readFileSync(largest as string)
  const at = Math.floor(bytes.length / 3)
  bytes[at] = (bytes[at] as number) ^ 16
  writeFileSync(largest as string, bytes)
  const error = await readDamaged(path)
  expect(error.code).toBe('CORRUPT')
  expect(`${error.path} ${error.message}`).toContain((largest as string).split('/').at(-1))
})

test('a second writer gives LOCKED and names the holder', async () => {
  const store = await open(join(folder, 's'))
  await store.kv('k').put('a', 1)
  const error = await failure(() => open(join(folder, 's')))
  expect(error.code).toBe('LOCKED')
  expect(error.message).toContain(String(process.pid))
  expect(await store.kv('k').get('a')).toBe(1)
  await store.close()
})

test('a full disk gives NO_SPACE; what was acknowledged is there when there is room again', async () => {
  const disk = new FaultFileSystem({ capacityBytes: 600_000 })
  const store = await openStore('/full', { models: models(), host: { fileSystem: disk } })
  await store.relational.run('CREATE TABLE t (a BIGINT, b VARCHAR)')
  let kept = 0
  const error = await failure(async () => {
    for (;;) {
      await store.relational.run(`INSERT INTO t SELECT i, 'a text of some length ' || i FROM range(500) r(i)`)
      kept += 500
    }
  })
  expect(error.code).toBe('NO_SPACE')
  expect(kept).toBeGreaterThan(0)
  expect(await store.relational('t').count()).toBe(kept)
  expect(['NO_SPACE', 'IO']).toContain(
    (await failure(() => store.kv('k').put('a', new Uint8Array(600_000)))).code,
  )
  disk.capacityBytes = 10_000_000
  await store.close()
  const again = await openStore('/full', { models: models(), host: { fileSystem: disk } })
  expect(await again.relational('t').count()).toBe(kept)
  await again.relational.run('INSERT INTO t VALUES (1, NULL)')
  expect(await again.relational('t').count()).toBe(kept + 1)
  await again.close()
})
