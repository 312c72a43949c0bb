import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Adjacency,
  buildAdjacency,
  changeAdjacency,
  type EdgeList,
} from '../../src/catalog/adjacency.ts'
import { buildCsr, type CsrIndex } from '../../src/catalog/csr.ts'

type Edge = { readonly source: number; readonly target: number; readonly id: number; readonly kind: number }

const node = fc.oneof(fc.nat(8), fc.constantFrom(70_000, 2 ** 31, 2 ** 40, 2 ** 53 - 1))
const edges: fc.Arbitrary<Edge[]> = fc
  .array(fc.record({ source: node, target: node, kind: fc.nat(2) }), { maxLength: 30 })
  .map((list) => list.map((edge, at) => ({ ...edge, id: at * 3 })))

function edgeList(list: readonly Edge[], parted: boolean): EdgeList {
  const numbers = (read: (edge: Edge) => number) => Float64Array.from(list, read)
  return {
    count: list.length,
    sources: numbers((edge) => edge.source),
    targets: numbers((edge) => edge.target),
    edges: numbers((edge) => edge.id),
    partitions: parted ? numbers((edge) => edge.kind) : null,
  }
}

function adjacencyOf(list: readonly Edge[], parted: boolean): Adjacency {
  const definition = { name: 'test', source: 'source', target: 'target', partition: parted ? 'kind' : null }
  return buildAdjacency(definition, edgeList(list, parted))
}

function stepsFrom(index: CsrIndex | undefined, from: number): [number, number][] {
  const slot = index?.slotOf(from) ?? -1
  if (index === undefined || slot < 0) return []
  const steps: [number, number][] = []
  for (let at = index.offsets[slot] as number; at < (index.offsets[slot + 1] as number); at += 1)
    steps.push([index.neighbours[at] as number, index.edges[at] as number])
  return steps
}

/** Draws what a round of changes does: edges go, move to other ends, and come. */
const round = fc.record({
  gone: fc.array(fc.nat(60), { maxLength: 6 }),
  moved: fc.array(fc.tuple(fc.nat(60), node, node), { maxLength: 4 }),
  come: fc.array(fc.record({ source: node, target: node, kind: fc.nat(2) }), { maxLength: 6 }),
  asked: fc.boolean(),
})

function allSteps(adjacency: Adjacency, nodes: Iterable<number>): unknown {
  const byEdge = ([a, x]: [number, number], [b, y]: [number, number]) => a - b || x - y
  return [0, 1, 2].map((kind) =>
    [adjacency.forward(kind), adjacency.backward(kind)].map((index) => ({
      count: index?.edgeCount ?? 0,
      steps: [...nodes].map((from) => {
        const steps = stepsFrom(index, from)
        expect(steps.map(([next]) => next)).toEqual(steps.map(([next]) => next).sort((a, b) => a - b))
        return steps.sort(byEdge)
      }),
    })),
  )
}

describe('an adjacency', () => {
  test('that is changed time and again is the one built from the edges that are left', () => {
    fc.assert(
      fc.property(edges, fc.array(round, { maxLength: 6 }), fc.boolean(), (first, rounds, parted) => {
        let list = [...first]
        let adjacency = adjacencyOf(list, parted)
        let nextId = 1000
        const nodes = new Set([5, 10 ** 9])
        for (const { gone, moved, come, asked } of rounds) {
          const leaving = new Set(gone.map((at) => list[at]).filter((edge) => edge !== undefined))
          const moving = new Map(
            moved.flatMap(([at, source, target]) => {
              const edge = list[at]
              return edge === undefined || leaving.has(edge)
                ? []
                : [[edge, { ...edge, source, target }] as const]
            }),
          )
          const added = come.map((edge) => ({ ...edge, id: nextId++ }))
          adjacency = changeAdjacency(adjacency, {
            removed: edgeList([...leaving, ...moving.keys()], parted),
            added: edgeList([...moving.values(), ...added], parted),
          })
          list = [
            ...list.filter((edge) => !leaving.has(edge) && !moving.has(edge)),
            ...moving.values(),
            ...added,
          ]
          for (const edge of list) nodes.add(edge.source).add(edge.target)
          if (asked) expect(allSteps(adjacency, nodes)).toEqual(allSteps(adjacencyOf(list, parted), nodes))
        }
        expect(allSteps(adjacency, nodes)).toEqual(allSteps(adjacencyOf(list, parted), nodes))
        expect([...adjacency.partitions].sort()).toEqual([...adjacencyOf(list, parted).partitions].sort())
      }),
    )
  })

  test('gives the edges of each node both ways, neighbours in ascending order', () => {
    fc.assert(
      fc.property(edges, fc.boolean(), (list, parted) => {
        const adjacency = adjacencyOf(list, parted)
        const kinds = parted ? [0, 1, 2] : [0]
        expect([...adjacency.partitions].sort()).toEqual(
          parted ? [...new Set(list.map((edge) => edge.kind))].sort() : list.length === 0 ? [] : [0],
        )
        for (const kind of kinds) {
          const own = list.filter((edge) => !parted || edge.kind === kind)
          for (const from of new Set([...own.flatMap((edge) => [edge.source, edge.target]), 5, 10 ** 9])) {
            const out = stepsFrom(adjacency.forward(kind), from)
            const into = stepsFrom(adjacency.backward(kind), from)
            const byNode = ([a, x]: [number, number], [b, y]: [number, number]) => a - b || x - y
            expect(out.map(([next]) => next)).toEqual(out.map(([next]) => next).sort((a, b) => a - b))
            expect([...out].sort(byNode)).toEqual(
              own
                .filter((edge) => edge.source === from)
                .map((edge): [number, number] => [edge.target, edge.id])
                .sort(byNode),
            )
            expect([...into].sort(byNode)).toEqual(
              own
                .filter((edge) => edge.target === from)
                .map((edge): [number, number] => [edge.source, edge.id])
                .sort(byNode),
            )
          }
        }
      }),
    )
  })

  test('is built once a direction and partition, when it is asked for', () => {
    const adjacency = adjacencyOf([{ source: 1, target: 2, id: 0, kind: 0 }], false)
    expect(adjacency.forward(0)).toBe(adjacency.forward(0))
    expect(adjacency.forward(0)).not.toBe(adjacency.backward(0))
    expect(adjacency.forward(7)).toBeUndefined()
  })

  test('takes room by the edges, not by the largest id', () => {
    const index = buildCsr(Float64Array.of(2 ** 50, 3), Float64Array.of(1, 2), Float64Array.of(0, 1))
    expect(index.slotCount).toBe(2)
    expect(index.nodes).toEqual(Float64Array.of(3, 2 ** 50))
    expect(stepsFrom(index, 2 ** 50)).toEqual([[1, 0]])
  })

  test('of no edges answers for every node', () => {
    const index = buildCsr(new Float64Array(0), new Float64Array(0), new Float64Array(0))
    expect(index.edgeCount).toBe(0)
    expect(stepsFrom(index, 0)).toEqual([])
  })
})
