/** Decides which segments to merge: purely, from what the manifest knows. Doing it is `transaction/maintenance.ts`. */

/** Is what the decision knows of a segment. */
export type SegmentFacts = {
  readonly id: number
  readonly rowCount: number
  /** Size of its columns in memory: what merging it takes. */
  readonly sizeBytes: number
  /** Rows that no snapshot sees any more. */
  readonly deadCount: number
  readonly compressed: boolean
}

/** Bounds what compaction makes. */
export type CompactionLimits = {
  readonly rowCount: number
  readonly sizeBytes: number
}

/** Is how large a segment may become. */
export const COMPACTION_LIMITS: CompactionLimits = { rowCount: 1 << 20, sizeBytes: 256 << 20 }

/** Is the share of the memory limit that the rows of a merge may take. */
const MERGED_SHARE = 1 / 8
const LEAST_MERGED_BYTES = 4 << 20

/** Gives the limits for a store that may hold so many bytes in memory. */
export function compactionLimits(memoryLimit: number): CompactionLimits {
  const sizeBytes = Math.max(LEAST_MERGED_BYTES, memoryLimit * MERGED_SHARE)
  return { ...COMPACTION_LIMITS, sizeBytes: Math.min(COMPACTION_LIMITS.sizeBytes, sizeBytes) }
}

const TIER_FACTOR = 4
const SMALLEST_TIER_BYTES = 1 << 20
/** Past this part of dead rows a segment is written anew, alone if need be. */
const DEAD_PART = 0.12

/**
 * Gives the groups of segments to be merged, each into one, by their ids.
 *
 * Size-tiered: as soon as four segments are about as large, they become one. With `full`, everything that can be
 * merged is, and what is not compressed or has dead rows is written anew.
 */
export function decideCompaction(
  segments: readonly SegmentFacts[],
  options: { readonly full: boolean; readonly limits?: CompactionLimits },
): readonly (readonly number[])[] {
  const limits = options.limits ?? COMPACTION_LIMITS
  const small = segments.filter(
    (segment) => liveBytes(segment) < limits.sizeBytes / 2 && liveRows(segment) < limits.rowCount / 2,
  )
  const groups = options.full ? packed(small, limits) : tiered(small, limits)
  const merged = new Set(groups.flat())
  const rewritten = segments.filter(
    (segment) =>
      !merged.has(segment.id) &&
      (segment.deadCount > segment.rowCount * DEAD_PART ||
        (options.full && (!segment.compressed || segment.deadCount > 0))),
  )
  return [...groups, ...rewritten.map((segment) => [segment.id])]
}

function liveRows(segment: SegmentFacts): number {
  return segment.rowCount - segment.deadCount
}

function liveBytes(segment: SegmentFacts): number {
  return segment.rowCount === 0 ? 0 : (segment.sizeBytes * liveRows(segment)) / segment.rowCount
}

/** Fills groups up to the limits, in the order of the segments' ids. */
function packed(segments: readonly SegmentFacts[], limits: CompactionLimits): number[][] {
  const groups: SegmentFacts[][] = []
  let rows = 0
  let bytes = 0
  for (const segment of [...segments].sort((left, right) => left.id - right.id)) {
    rows += liveRows(segment)
    bytes += liveBytes(segment)
    const last = groups.at(-1)
    if (last === undefined || rows > limits.rowCount || bytes > limits.sizeBytes) {
      groups.push([segment])
      rows = liveRows(segment)
      bytes = liveBytes(segment)
    } else last.push(segment)
  }
  return groups.filter((group) => group.length > 1).map((group) => group.map((segment) => segment.id))
}

function tierOf(segment: SegmentFacts): number {
  const size = Math.max(liveBytes(segment), SMALLEST_TIER_BYTES)
  return Math.floor(Math.log(size / SMALLEST_TIER_BYTES) / Math.log(TIER_FACTOR))
}

function tiered(segments: readonly SegmentFacts[], limits: CompactionLimits): number[][] {
  const tiers = Map.groupBy(segments, tierOf)
  return [...tiers.values()]
    .filter((tier) => tier.length >= TIER_FACTOR)
    .flatMap((tier) => packed(tier, limits))
}
