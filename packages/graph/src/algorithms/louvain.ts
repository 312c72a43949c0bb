import type { Csr } from './csr.ts'

/** Tunes Louvain's method. */
export type LouvainSettings = {
  readonly resolution: number
  readonly maxLevels: number
  readonly random: () => number
}

/** Is a level: nodes that stand for groups of nodes, edges both ways with weights, and what lies inside each. */
type Level = {
  readonly offsets: Uint32Array
  readonly targets: Uint32Array
  readonly weights: Float64Array
  /** Twice the weight inside each node. */
  readonly inside: Float64Array
}

/** A pass must gain this part of the modularity to be followed by another. */
const LEAST_GAIN = 1e-6

/** Gives the group of each node. Edges stand both ways in the graph given, those from a node to itself once. */
export function louvainGroups(both: Csr, settings: LouvainSettings): Uint32Array {
  let level = firstLevel(both)
  const nodeCount = both.offsets.length - 1
  const groups = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  for (let depth = 0; depth < settings.maxLevels; depth += 1) {
    const moved = moveNodes(level, settings)
    if (moved === null) break
    const numbers = compact(moved)
    for (let node = 0; node < nodeCount; node += 1) groups[node] = moved[groups[node] as number] as number
    if (numbers === level.inside.length) break
    level = mergeLevel(level, moved, numbers)
  }
  return groups
}

function firstLevel({ offsets, targets, weights }: Csr): Level {
  const nodeCount = offsets.length - 1
  const inside = new Float64Array(nodeCount)
  const kept = new Uint32Array(nodeCount + 1)
  const others = new Uint32Array(targets.length)
  const weighed = new Float64Array(targets.length)
  let count = 0
  for (let node = 0; node < nodeCount; node += 1) {
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
      const weight = weights === null ? 1 : (weights[at] as number)
      if (targets[at] === node) {
        ;(inside[node] as number) += 2 * weight
        continue
      }
      others[count] = targets[at] as number
      weighed[count] = weight
      count += 1
    }
    kept[node + 1] = count
  }
  return { offsets: kept, targets: others.subarray(0, count), weights: weighed.subarray(0, count), inside }
}

/** Moves nodes to the group where modularity gains most, until nothing is gained; `null` where no node moved. */
function moveNodes(level: Level, { resolution, random }: LouvainSettings): Uint32Array | null {
  const { offsets, targets, weights, inside } = level
  const nodeCount = inside.length
  const groups = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  const degrees = new Float64Array(nodeCount)
  let total = 0
  for (let node = 0; node < nodeCount; node += 1) {
    let degree = inside[node] as number
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1)
      degree += weights[at] as number
    degrees[node] = degree
    total += degree
  }
  if (total === 0) return null
  const sums = degrees.slice()
  const towards = new Float64Array(nodeCount)
  const met = new Uint32Array(nodeCount)
  const first = Math.floor(random() * nodeCount)
  let any = false
  for (let gain = Number.POSITIVE_INFINITY; gain > LEAST_GAIN; ) {
    gain = 0
    for (let step = 0; step < nodeCount; step += 1) {
      const node = (first + step) % nodeCount
      const own = groups[node] as number
      const degree = degrees[node] as number
      let metCount = 0
      for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
        const group = groups[targets[at] as number] as number
        if (towards[group] === 0) {
          met[metCount] = group
          metCount += 1
        }
        ;(towards[group] as number) += weights[at] as number
      }
      ;(sums[own] as number) -= degree
      const scale = (resolution * degree) / total
      let best = own
      let most = (towards[own] as number) - scale * (sums[own] as number)
      const stay = most
      for (let at = 0; at < metCount; at += 1) {
        const group = met[at] as number
        const value = (towards[group] as number) - scale * (sums[group] as number)
        if (value > most + 1e-12) {
          most = value
          best = group
        }
      }
      ;(sums[best] as number) += degree
      for (let at = 0; at < metCount; at += 1) towards[met[at] as number] = 0
      if (best === own) continue
      groups[node] = best
      gain += (2 * (most - stay)) / total
      any = true
    }
  }
  return any ? groups : null
}

/** Numbers the groups from 0 in place, in the order of their first node; gives how many there are. */
function compact(groups: Uint32Array): number {
  const numbers = new Int32Array(groups.length).fill(-1)
  let count = 0
  for (let node = 0; node < groups.length; node += 1) {
    const group = groups[node] as number
    if (numbers[group] === -1) {
      numbers[group] = count
      count += 1
    }
    groups[node] = numbers[group] as number
  }
  return count
}

/** Makes a node of each group; edges between the same groups become one. */
function mergeLevel(level: Level, groups: Uint32Array, count: number): Level {
  const inside = new Float64Array(count)
  const starts = new Uint32Array(count + 1)
  for (const group of groups) (starts[group + 1] as number) += 1
  for (let group = 0; group < count; group += 1) (starts[group + 1] as number) += starts[group] as number
  const members = new Uint32Array(groups.length)
  const cursor = starts.slice()
  for (let node = 0; node < groups.length; node += 1) {
    const group = groups[node] as number
    members[cursor[group] as number] = node
    ;(cursor[group] as number) += 1
  }
  const offsets = new Uint32Array(count + 1)
  const targets: number[] = []
  const weights: number[] = []
  const towards = new Float64Array(count)
  for (let group = 0; group < count; group += 1) {
    const met: number[] = []
    for (let place = starts[group] as number; place < (starts[group + 1] as number); place += 1) {
      const node = members[place] as number
      ;(inside[group] as number) += level.inside[node] as number
      for (let at = level.offsets[node] as number; at < (level.offsets[node + 1] as number); at += 1) {
        const other = groups[level.targets[at] as number] as number
        const weight = level.weights[at] as number
        if (other === group) (inside[group] as number) += weight
        else {
          if (towards[other] === 0) met.push(other)
          ;(towards[other] as number) += weight
        }
      }
    }
    for (const other of met) {
      targets.push(other)
      weights.push(towards[other] as number)
      towards[other] = 0
    }
    offsets[group + 1] = targets.length
  }
  return { offsets, targets: Uint32Array.from(targets), weights: Float64Array.from(weights), inside }
}
