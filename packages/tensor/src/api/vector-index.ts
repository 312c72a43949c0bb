import { type Metric, SheafError, type VectorIndexSettings } from '@sheafdb/core'
import type { IndexProgress } from '../indexes/graph.ts'
import { isFixed, type TensorOptions } from '../layout/table.ts'

/** Says how an index over vectors is made. */
export type VectorIndexOptions = {
  readonly kind: 'hnsw'
  /** The metric that it answers; by default the collection's. Other metrics look at every vector. */
  readonly metric?: Metric
  /** Edges of a node, 16 where nothing is said. */
  readonly connectivity?: number
  /** How widely the place of a new vector is searched, 128 where nothing is said. */
  readonly efConstruction?: number
  /** How widely `nearest` searches where it does not say itself; 128 where nothing is said. */
  readonly ef?: number
  /** How the index keeps vectors: as bits, by the signs of their numbers. What it finds is measured again exactly. */
  readonly quantization?: 'f32' | 'f16' | 'i8' | 'bits'
  /** True gives back before the index is built: until then searches are exact. */
  readonly background?: boolean
  readonly onProgress?: IndexProgress
}

const INDEXED: readonly Metric[] = ['cosine', 'l2', 'dot']
const INDEXED_BITS: readonly Metric[] = ['hamming', 'jaccard']
const QUANTIZATIONS = ['f32', 'f16', 'i8', 'bits']
const MAX_COUNT = 4096

/** Checks how an index is to be made. @throws `ARGUMENT`, `UNSUPPORTED` */
export function indexSettings(options: VectorIndexOptions, own: TensorOptions): VectorIndexSettings {
  if (options?.kind !== 'hnsw')
    throw new SheafError(
      'ARGUMENT',
      `There is one kind of index over vectors, 'hnsw': ${String(options?.kind)}`,
    )
  const { metric = own.metric ?? 'cosine' } = options
  if (!isFixed(own))
    throw new SheafError(
      'UNSUPPORTED',
      'Only a collection of one dtype and shape can have an index over vectors.',
    )
  const ofBits = own.dtype === 'bool' && INDEXED_BITS.includes(metric)
  if (!ofBits && !INDEXED.includes(metric))
    throw new SheafError(
      'UNSUPPORTED',
      `An index answers one of ${INDEXED.join(', ')}, over bits also ${INDEXED_BITS.join(' and ')}. Search by ${metric} without one.`,
    )
  const { quantization = ofBits ? 'bits' : 'f32' } = options
  const isCoarse = quantization === 'i8' || quantization === 'bits'
  const fits = ofBits ? quantization === 'bits' : !isCoarse || metric === 'cosine'
  if (!QUANTIZATIONS.includes(quantization) || !fits)
    throw new SheafError(
      'ARGUMENT',
      `An index keeps vectors as 'f32' or 'f16', by cosine as 'i8' or 'bits', and bits as 'bits': ${String(quantization)}`,
    )
  return {
    kind: 'hnsw',
    metric,
    quantization,
    connectivity: counted(options.connectivity ?? 16, 'connectivity'),
    expansion: counted(options.efConstruction ?? 128, 'efConstruction'),
    ef: counted(options.ef ?? 128, 'ef'),
  }
}

/** Checks a count of an index. @throws `ARGUMENT` */
export function counted(count: number, name: string): number {
  if (Number.isSafeInteger(count) && count >= 1 && count <= MAX_COUNT) return count
  throw new SheafError('ARGUMENT', `${name} must be an integer from 1 to ${MAX_COUNT}: ${String(count)}`)
}
