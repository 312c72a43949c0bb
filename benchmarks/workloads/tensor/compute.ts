import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { tensor } from '@sheafdb/tensor'
import type { Workload } from '../../src/workload.ts'
import { seededRandom } from '../flights-data.ts'

const SIDE = 512

function plainProduct(left: Float64Array, right: Float64Array): Float64Array {
  const product = new Float64Array(SIDE * SIDE)
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
  title: `matmul of ${SIDE} x ${SIDE}, float64`,
  asked: {
    text: '10 times a plain triple loop',
    reached: (medians) => (medians.get('plain loops') as number) >= 10 * (medians.get('Sheaf') as number),
  },
  runs: 5,
  warmups: 1,
  async prepare() {
    const random = seededRandom(3)
    const [left, right] = [0, 1].map(() => Float64Array.from({ length: SIDE * SIDE }, random)) as [
      Float64Array,
      Float64Array,
    ]
    const store = await openStore(':memory:', { models: [tensor()] })
    const matrices = store.tensor('matrices')
    const shape = [SIDE, SIDE]
    const rounded = (values: ArrayLike<number>) => Math.round((values[SIDE + 1] as number) * 1e6)
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          const { values } = await matrices.evaluate('a @ b', {
            a: { values: left, shape },
            b: { values: right, shape },
          })
          return rounded(values as Float64Array)
        },
        close: () => store.close(),
      },
      { engine: 'plain loops', run: () => rounded(plainProduct(left, right)) },
    ]
  },
}

const TENSORS = 16
const TENSOR_BYTES = 16 << 20

async function writeFileOf(path: string): Promise<void> {
  const entries = Array.from({ length: TENSORS }, (_, at) => [
    `t${at}`,
    {
      dtype: 'F32',
      shape: [TENSOR_BYTES / 4],
      data_offsets: [at * TENSOR_BYTES, (at + 1) * TENSOR_BYTES],
    },
  ])
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const padded = Buffer.concat([header, Buffer.alloc((8 - (header.length % 8)) % 8, ' ')])
  const file = await open(path, 'w')
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(padded.length))
  await file.write(size)
  await file.write(padded)
  const values = new Float32Array(TENSOR_BYTES / 4).fill(0.5)
  for (let at = 0; at < TENSORS; at += 1) await file.write(values)
  await file.close()
}

/** Imports a file of tensors, durably. */
export const tensorImport: Workload = {
  name: 'tensor-import',
  title: `import of ${(TENSORS * TENSOR_BYTES) >> 20} MiB of safetensors, durable`,
  asked: {
    text: '500 MB/s',
    reached: (medians) => (TENSORS * TENSOR_BYTES) / 1e6 / ((medians.get('Sheaf') as number) / 1000) >= 500,
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const path = join(folder, 'model.safetensors')
    await writeFileOf(path)
    let round = 0
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit',
        run: async () => {
          round += 1
          const store = await openStore(join(folder, `import-${round}.sheaf`), { models: [tensor()] })
          const { count } = await store.tensor('model').importSafetensors(path)
          await store.close()
          return count
        },
      },
    ]
  },
  figures: async (medians) => ({
    rate: `${((TENSORS * TENSOR_BYTES) / 1e6 / ((medians.get('Sheaf') as number) / 1000)).toFixed(0)} MB/s`,
  }),
}

/** Attaches nothing: looks at one tensor of a file that is attached already. */
export const tensorFirst: Workload = {
  name: 'tensor-first',
  title: `open of a store with an attached file of ${(TENSORS * TENSOR_BYTES) >> 20} MiB, and one of its ${TENSORS} tensors`,
  asked: {
    text: 'one tensor of the file read, not the file',
    reached: (medians) => (medians.get('Sheaf') as number) < (medians.get('the whole file') as number),
  },
  runs: 7,
  warmups: 2,
  async prepare(folder) {
    const path = join(folder, 'model.safetensors')
    await writeFileOf(path)
    const own = join(folder, 'attached.sheaf')
    const first = await openStore(own, { models: [tensor()] })
    await first.tensor('model').attach(path)
    await first.close()
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          const store = await openStore(own, { models: [tensor()] })
          const found = await store.tensor('model').get('t3')
          await store.close()
          return found?.values.length
        },
      },
      {
        engine: 'the whole file',
        run: async () => {
          const file = await open(path)
          const bytes = Buffer.allocUnsafe((await stat(path)).size)
          await file.read(bytes, 0, bytes.length, 0)
          await file.close()
          return bytes.length > 0 ? TENSOR_BYTES / 4 : 0
        },
      },
    ]
  },
}
