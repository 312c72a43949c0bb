import type { CsrIndex } from '../../catalog/csr.ts'

/** Makes what is found out about an index once, and forgotten with it. */
function onceByIndex<Result>(find: (index: CsrIndex) => Result): (index: CsrIndex) => Result {
  const known = new WeakMap<CsrIndex, { readonly found: Result }>()
  return (index) => {
    let entry = known.get(index)
    if (entry === undefined) {
      entry = { found: find(index) }
      known.set(index, entry)
    }
    return entry.found
  }
}

/** Gives a number past every neighbour. */
export const neighbourBound: (index: CsrIndex) => number = onceByIndex(({ neighbours }) => {
  let largest = -1
  for (let at = 0; at < neighbours.length; at += 1)
    if ((neighbours[at] as number) > largest) largest = neighbours[at] as number
  return largest + 1
})

/** Gives the nodes with edges to themselves, and how many; `null` where there are none. */
export const loopCounts: (index: CsrIndex) => ReadonlyMap<number, number> | null = onceByIndex((index) => {
  const counts = new Map<number, number>()
  const { nodes, offsets, neighbours } = index
  for (let slot = 0; slot < index.slotCount; slot += 1) {
    const node = nodes === null ? slot : (nodes[slot] as number)
    const end = offsets[slot + 1] as number
    for (let at = offsets[slot] as number; at < end; at += 1)
      if (neighbours[at] === node) counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return counts.size === 0 ? null : counts
})

/** Gives for each node up to the bound how many edges lead to it. */
export const arrivalCounts: (index: CsrIndex) => Uint32Array = onceByIndex((index) => {
  const counts = new Uint32Array(neighbourBound(index))
  const { neighbours } = index
  for (let at = 0; at < neighbours.length; at += 1) (counts[neighbours[at] as number] as number) += 1
  return counts
})
