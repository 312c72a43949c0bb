import type { QuadIds } from './quads.ts'

/**
 * Turns quads of tokens into quads of ids, in the order of their key and each of them once: a counting pass over each
 * place of the quad, from the last to the first.
 */
export function sortedQuads(
  quads: { readonly count: number; readonly tokens: Uint32Array },
  ids: Float64Array,
): QuadIds {
  const { count, tokens } = quads
  const { ranks, sorted } = rankTokens(ids)
  let order = new Uint32Array(count)
  for (let at = 0; at < count; at += 1) order[at] = at
  let spare = new Uint32Array(count)
  const counts = new Uint32Array(sorted.length + 1)
  for (let place = 3; place >= 0; place -= 1) {
    counts.fill(0)
    for (let at = 0; at < count; at += 1) {
      const rank = (ranks[tokens[at * 4 + place] as number] as number) + 1
      counts[rank] = (counts[rank] as number) + 1
    }
    if (counts[(ranks[tokens[place] as number] as number) + 1] === count) continue
    for (let rank = 1; rank < counts.length; rank += 1)
      counts[rank] = (counts[rank] as number) + (counts[rank - 1] as number)
    for (let at = 0; at < count; at += 1) {
      const quad = order[at] as number
      const rank = ranks[tokens[quad * 4 + place] as number] as number
      spare[counts[rank] as number] = quad
      counts[rank] = (counts[rank] as number) + 1
    }
    const last = order
    order = spare
    spare = last
  }
  return distinctQuads(order, tokens, ids)
}

/** Gives each token the place of its id among all ids in ascending order. */
function rankTokens(ids: Float64Array): { readonly ranks: Uint32Array; readonly sorted: Float64Array } {
  const sorted = ids.slice().sort()
  const ranks = new Uint32Array(ids.length)
  for (let token = 0; token < ids.length; token += 1) {
    const id = ids[token] as number
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle] as number) < id) low = middle + 1
      else high = middle
    }
    ranks[token] = low
  }
  return { ranks, sorted }
}

function distinctQuads(order: Uint32Array, tokens: Uint32Array, ids: Float64Array): QuadIds {
  const found = new Float64Array(order.length * 4)
  let count = 0
  for (let at = 0; at < order.length; at += 1) {
    const from = (order[at] as number) * 4
    const to = count * 4
    let isNew = count === 0
    for (let place = 0; place < 4; place += 1) {
      const id = ids[tokens[from + place] as number] as number
      found[to + place] = id
      if (!isNew && found[to + place - 4] !== id) isNew = true
    }
    if (isNew) count += 1
  }
  return { count, ids: found.subarray(0, count * 4) }
}
