import type { CsrIndex } from '../../catalog/csr.ts'

const placesOfEdges = new WeakMap<CsrIndex, (edge: number) => number>()
const DENSE_FACTOR = 16

/** Makes what finds the place of an edge in an index, -1 where it is not there; made once an index. */
export function edgePlaces(index: CsrIndex): (edge: number) => number {
  let find = placesOfEdges.get(index)
  if (find === undefined) {
    const { edges } = index
    let largest = 0
    for (let place = 0; place < edges.length; place += 1) largest = Math.max(largest, edges[place] as number)
    if (largest < edges.length * DENSE_FACTOR) {
      const table = new Int32Array(largest + 1).fill(-1)
      for (let place = 0; place < edges.length; place += 1) table[edges[place] as number] = place
      find = (edge) => table[edge] ?? -1
    } else {
      const table = new Map<number, number>()
      for (let place = 0; place < edges.length; place += 1) table.set(edges[place] as number, place)
      find = (edge) => table.get(edge) ?? -1
    }
    placesOfEdges.set(index, find)
  }
  return find
}
