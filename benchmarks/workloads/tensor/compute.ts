import { openStore } from '@sheafdb/core'
import { tensor } from '@sheafdb/tensor'
import type { Workload } from '../../src/workload.ts'
import { seededRandom } from '../flights-data.ts'

const SIDE = 1024

function plainProduct(left: Float32Array, right: Float32Array): Float32Array {
  const product = new Float32Array(SIDE * SIDE)
  for (let row = 0; row < SIDE; row += 1)
    for (let column = 0; column < SIDE; column += 1) {
      let total = 0
      for (let at = 0; at < SIDE; at += 1)
        total += (left[row * SIDE + at] as number) * (right[at * SIDE + column] as number)
      product[row * SIDE + column] = total
    }
  return product
}

/** Multiplies two matrices. */
export const tensorMatmul: Workload = {
  name: 'tensor-matmul',
  title: `matmul of ${SIDE} x ${SIDE}, float32`,
  asked: {
    text: '10 times a plain triple loop',
    reached: (medians) => (medians.get('plain loops') as number) >= 10 * (medians.get('Sheaf') as number),
  },
  runs: 3,
  warmups: 1,
  async prepare() {
    const random = seededRandom(3)
    const [left, right] = [0, 1].map(() => Float32Array.from({ length: SIDE * SIDE }, random)) as [
      Float32Array,
      Float32Array,
    ]
    const store = await openStore(':memory:', { models: [tensor()] })
    const matrices = store.tensor('matrices')
    const shape = [SIDE, SIDE]
    const inputs = { a: { values: left, shape }, b: { values: right, shape } }
    const rounded = (values: ArrayLike<number>) => Math.round(values[SIDE + 1] as number)
    return [
      {
        engine: 'Sheaf',
        run: async () => rounded((await matrices.evaluate('a @ b', inputs, { dtype: 'float32' })).values),
        close: () => store.close(),
      },
      {
        engine: 'Sheaf, in double precision',
        run: async () => rounded((await matrices.evaluate('a @ b', inputs)).values),
      },
      { engine: 'plain loops', run: () => rounded(plainProduct(left, right)) },
    ]
  },
}

const COUNT = 100_000_000

type Kernel = {
  readonly name: string
  readonly text: string
  readonly title: string
  /** Bytes that are read and written, for the rate. */
  readonly bytes: number
  readonly loop: (x: Float32Array, y: Float32Array) => number
}

const KERNELS: readonly Kernel[] = [
  {
    name: 'sum',
    text: 'sum(x)',
    title: 'sum',
    bytes: 4 * COUNT,
    loop: (x) => {
      let total = 0
      for (let at = 0; at < x.length; at += 1) total += x[at] as number
      return total
    },
  },
  {
    name: 'dot',
    text: 'dot(x, y)',
    title: 'dot product',
    bytes: 8 * COUNT,
    loop: (x, y) => {
      let total = 0
      for (let at = 0; at < x.length; at += 1) total += (x[at] as number) * (y[at] as number)
      return total
    },
  },
  {
    name: 'scale',
    text: 'x * 2',
    title: 'scale, into a new array',
    bytes: 8 * COUNT,
    loop: (x) => {
      const scaled = new Float32Array(x.length)
      for (let at = 0; at < x.length; at += 1) scaled[at] = (x[at] as number) * 2
      return scaled[COUNT - 1] as number
    },
  },
]

/** Goes over a long array once. */
export const tensorArrays: readonly Workload[] = KERNELS.map((kernel) => ({
  name: `tensor-${kernel.name}`,
  title: `${kernel.title} of ${COUNT / 1e6} M float32`,
  asked: {
    text: '4 times a scalar loop, or the bandwidth of memory (a copy of the same array)',
    reached: (medians) => {
      const own = medians.get('Sheaf') as number
      return (
        4 * own <= (medians.get('scalar loop') as number) ||
        own <= 1.1 * (medians.get('copy of the array') as number)
      )
    },
  },
  runs: 5,
  warmups: 1,
  async prepare() {
    const x = new Float32Array(COUNT).fill(0.5)
    const y = new Float32Array(COUNT).fill(0.25)
    const store = await openStore(':memory:', { models: [tensor()] })
    const arrays = store.tensor('arrays')
    const last = (values: Float32Array) => Math.round(values[values.length - 1] as number)
    const expected = Math.round(kernel.loop(x, y))
    return [
      {
        engine: 'Sheaf',
        run: async () => last((await arrays.evaluate(kernel.text, { x, y }, { dtype: 'float32' })).values),
        close: () => store.close(),
      },
      { engine: 'scalar loop', run: () => Math.round(kernel.loop(x, y)) },
      { engine: 'copy of the array', run: () => (x.slice().length === COUNT ? expected : 0) },
    ]
  },
  figures: (medians) => ({
    'Sheaf, rate': `${(kernel.bytes / 1e6 / (medians.get('Sheaf') as number)).toFixed(1)} GB/s`,
  }),
}))
