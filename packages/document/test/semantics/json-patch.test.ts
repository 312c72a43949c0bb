import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { describe, expect, test } from 'vitest'

async function patched(start: object, update: object): Promise<unknown> {
  const store = await openStore(':memory:', { models: [document()] })
  const collection = store.document('c')
  await collection.insertOne({ _id: 1, ...start })
  await collection.updateOne({ _id: 1 }, update as Record<string, unknown>)
  const found = await collection.findOne({ _id: 1 })
  await store.close()
  return found
}

describe('patches as updates', () => {
  test('a JSON Patch adds, removes, replaces, moves, copies and tests', async () => {
    const patch = [
      { op: 'test', path: '/a/0', value: 1 },
      { op: 'add', path: '/a/1', value: 9 },
      { op: 'add', path: '/a/-', value: 7 },
      { op: 'replace', path: '/b/x~1y', value: { deep: true } },
      { op: 'copy', from: '/b', path: '/c' },
      { op: 'move', from: '/b/x~1y/deep', path: '/d' },
      { op: 'remove', path: '/gone' },
    ]
    expect(await patched({ a: [1, 2], b: { 'x/y': 0 }, gone: 1 }, { $jsonPatch: patch })).toEqual({
      _id: 1,
      a: [1, 9, 2, 7],
      b: { 'x/y': {} },
      c: { 'x/y': { deep: true } },
      d: true,
    })
  })

  test('a JSON Patch that cannot be applied changes nothing', async () => {
    const failing = [{ op: 'test', path: '/a', value: 2 }]
    await expect(patched({ a: 1 }, { $jsonPatch: failing })).rejects.toMatchObject({ mongoCode: 2 })
    await expect(
      patched({ a: [1] }, { $jsonPatch: [{ op: 'add', path: '/a/5', value: 0 }] }),
    ).rejects.toThrow()
    await expect(patched({}, { $jsonPatch: [{ op: 'remove', path: '/x' }] })).rejects.toThrow()
    await expect(
      patched({ _id: 1 }, { $jsonPatch: [{ op: 'replace', path: '/_id', value: 2 }] }),
    ).rejects.toMatchObject({ mongoCode: 66 })
    await expect(patched({}, { $jsonPatch: [{ op: 'jump', path: '/x' }] })).rejects.toMatchObject({
      mongoCode: 9,
    })
  })

  test('a JSON Merge Patch merges objects, and null removes a key', async () => {
    const start = { title: 'a', author: { given: 'x', family: 'y' }, tags: ['p', 'q'] }
    const patch = { title: 'b', author: { family: null }, tags: ['r'], phone: '1' }
    expect(await patched(start, { $mergePatch: patch })).toEqual({
      _id: 1,
      title: 'b',
      author: { given: 'x' },
      tags: ['r'],
      phone: '1',
    })
  })
})
