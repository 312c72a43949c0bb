import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { graph } from '@sheafdb/graph'
import { rdf } from '@sheafdb/rdf'
import { relational } from '@sheafdb/relational'
import { tensor } from '@sheafdb/tensor'
import { expect, test } from 'vitest'

const open = () => openStore(':memory:', { models: [relational(), document(), graph(), rdf(), tensor()] })

test('functions over vectors are called from every language', async () => {
  const store = await open()
  const faces = store.tensor('faces', { dtype: 'float32', shape: [3] })
  await faces.putMany([
    { id: 'a', values: [1, 0, 0] },
    { id: 'b', values: [0.6, 0.8, 0] },
  ])
  expect(
    await store.relational
      .query(
        'SELECT id, cosine_distance("values", [1, 0, 0]) AS d FROM faces WHERE "values"[1] > 0.5 ORDER BY d',
      )
      .rows(),
  ).toEqual([
    { id: 'a', d: 0 },
    { id: 'b', d: expect.closeTo(0.4, 6) },
  ])
  const [row] = await store.relational
    .query(
      `SELECT tensor_slice("values", '1:') AS part, tensor_norm("values") AS norm, tensor_argmax("values") AS most,
        tensor_evaluate('x0 * 2 + x1', "values", [1, 1, 1]) AS more, tensor_topk("values", 2) AS top
        FROM faces WHERE id = 'b'`,
    )
    .rows()
  expect(row).toEqual({
    part: [expect.closeTo(0.8, 6), 0],
    norm: expect.closeTo(1, 6),
    most: 1,
    more: [expect.closeTo(2.2, 6), expect.closeTo(2.6, 6), 1],
    top: [expect.closeTo(0.8, 6), expect.closeTo(0.6, 6)],
  })
  await store.graph('g').run("CREATE ({name: 'x', v: [1.0, 2.0]}), ({name: 'y', v: [2.0, 0.0]})")
  expect(
    await store
      .graph('g')
      .query('MATCH (n) RETURN n.name AS name, l2_distance(n.v, [1.0, 2.0]) AS d ORDER BY d')
      .rows(),
  ).toEqual([
    { name: 'x', d: 0 },
    { name: 'y', d: Math.sqrt(5) },
  ])
  await expect(async () => store.graph('g').query('RETURN no_such_function(1)').rows()).rejects.toMatchObject(
    {
      code: 'SYNTAX',
      detail: 'UnknownFunction',
    },
  )
  const people = store.document('people')
  await people.insertMany([{ _id: 1, v: [1, 2, 3] }, { _id: 2, v: [1, 2, 4] }, { _id: 3 }])
  expect(
    await people
      .aggregate([{ $project: { d: { $l1_distance: ['$v', [1, 2, 3]] } } }, { $sort: { _id: 1 } }])
      .rows(),
  ).toEqual([
    { _id: 1, d: 0 },
    { _id: 2, d: 1 },
    { _id: 3, d: null },
  ])
  await store.rdf('kb').update('INSERT DATA { <urn:a> <urn:v> "[1, 0]" . <urn:b> <urn:v> "[0, 1]" }')
  const rows = await store
    .rdf('kb')
    .query(
      'SELECT ?s ?d WHERE { ?s <urn:v> ?v BIND(<urn:sheaf:function:inner_product>(?v, "[2, 3]") AS ?d) FILTER(?d > 2.5) }',
    )
    .rows()
  expect(rows.length).toBe(1)
  await store.close()
})
