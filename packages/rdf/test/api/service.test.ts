import { openStore } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FetchRequest, rdf } from '../../src/index.ts'

const ENDPOINT = 'http://endpoint.example/sparql'
let store: Awaited<ReturnType<typeof open>>

const open = () => openStore(':memory:', { models: [rdf()] })

beforeEach(async () => {
  store = await open()
  await store
    .rdf('far')
    .load('<http://e/ann> <http://e/age> 41 . <http://e/bob> <http://e/age> 30 .', { format: 'turtle' })
  await store
    .rdf('near')
    .load('<http://e/ann> <http://e/name> "Ann" . <http://e/cyd> <http://e/name> "Cyd" .', {
      format: 'turtle',
    })
})
afterEach(() => store.close())

/** Answers as an endpoint over the other dataset would. */
async function answer(iri: string, request: FetchRequest): Promise<Response> {
  if (iri !== ENDPOINT) return new Response('', { status: 404 })
  const body = await store
    .rdf('far')
    .query(request.body as string)
    .format('json')
  return new Response(body, { headers: { 'content-type': request.headers['accept'] as string } })
}

const QUERY = `PREFIX : <http://e/> SELECT ?name ?age { ?who :name ?name SERVICE <${ENDPOINT}> { ?who :age ?age FILTER(?age > 35) } }`

it('joins what an endpoint answers', async () => {
  const rows = await store.rdf('near').query(QUERY, { fetch: answer }).rows()
  expect(rows.map((row) => [row['name']?.value, row['age']?.value])).toEqual([['Ann', '41']])
})

it('reaches no network without a fetcher', async () => {
  await expect(store.rdf('near').query(QUERY).rows()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  const silent = QUERY.replace('SERVICE', 'SERVICE SILENT')
  expect(await store.rdf('near').query(silent).count()).toBe(2)
})

it('tells of an endpoint that fails, or is silent about it', async () => {
  const other = QUERY.replace(ENDPOINT, 'http://other.example/')
  await expect(store.rdf('near').query(other, { fetch: answer }).rows()).rejects.toMatchObject({ code: 'IO' })
  const silent = other.replace('SERVICE', 'SERVICE SILENT')
  expect(await store.rdf('near').query(silent, { fetch: answer }).count()).toBe(2)
  const broken = async () => ({ body: '<html>', contentType: 'text/html' })
  await expect(store.rdf('near').query(QUERY, { fetch: broken }).rows()).rejects.toMatchObject({
    code: 'SYNTAX',
  })
})

it('never asks for files, and keeps no plan of a query that asked', async () => {
  const file = QUERY.replace(ENDPOINT, 'file:///etc/passwd')
  const never = () => Promise.reject(new Error('asked'))
  await expect(store.rdf('near').query(file, { fetch: never }).rows()).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  })
  await store.rdf('near').query(QUERY, { fetch: answer }).rows()
  await expect(store.rdf('near').query(QUERY, { fetch: never }).rows()).rejects.toMatchObject({ code: 'IO' })
})

it('loads through a fetcher', async () => {
  const fetch = async () => ({
    body: '<http://e/x> <http://e/p> 1 .',
    contentType: 'text/turtle; charset=utf-8',
  })
  await store.rdf('near').update('LOAD <http://e/document> INTO GRAPH <http://e/g>', { fetch })
  expect(await store.rdf('near').query('ASK { GRAPH <http://e/g> { ?s ?p 1 } }').boolean()).toBe(true)
})

describe('endpoints that are variables', () => {
  const asked: string[] = []
  const counting = async (iri: string, request: FetchRequest) => {
    asked.push(iri)
    return answer(iri, request)
  }

  beforeEach(async () => {
    asked.length = 0
    await store.rdf('near').load(
      `<http://e/ann> <http://e/at> <${ENDPOINT}> . <http://e/bob> <http://e/at> <${ENDPOINT}> .
         <http://e/cyd> <http://e/home> <http://other.example/> .`,
      { format: 'turtle' },
    )
  })

  const ages = async (pattern: string) => {
    const query = `PREFIX : <http://e/> SELECT ?who ?age { ${pattern} }`
    const rows = await store.rdf('near').query(query, { fetch: counting }).rows()
    return rows.map((row) => `${row['who']?.value.slice(9)} ${row['age']?.value ?? '-'}`).sort()
  }

  it('are asked once each, when the rest of the group is there', async () => {
    expect(await ages('SERVICE ?where { ?who :age ?age } ?who :at ?where')).toEqual(['ann 41', 'bob 30'])
    expect(asked).toEqual([ENDPOINT])
    expect(await ages('?who :at ?where SERVICE ?where { ?who :age ?age FILTER(?age > 35) }')).toEqual([
      'ann 41',
    ])
  })

  it('take their variable from the solutions that an OPTIONAL is beside', async () => {
    expect(
      await ages('?who :at ?where OPTIONAL { SERVICE ?where { ?who :age ?age FILTER(?age > 35) } }'),
    ).toEqual(['ann 41', 'bob -'])
  })

  it('fail, or are silent about it, each by itself', async () => {
    const either = '{ ?who :at ?where } UNION { ?who :home ?where }'
    await expect(ages(`${either} SERVICE ?where { ?who :age ?age }`)).rejects.toMatchObject({ code: 'IO' })
    expect(await ages(`${either} SERVICE SILENT ?where { ?who :age ?age }`)).toEqual([
      'ann 41',
      'bob 30',
      'cyd -',
    ])
  })

  it('must be bound beside the SERVICE, to IRIs', async () => {
    await expect(ages('SERVICE ?where { ?who :age ?age }')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(ages('?who :name ?where SERVICE ?where { ?who :age ?age }')).rejects.toMatchObject({
      code: 'ARGUMENT',
    })
  })
})
