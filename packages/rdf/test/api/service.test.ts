import { openStore } from '@sheafdb/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
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
