/**
 * Compiles the WebAssembly kernels and writes them as base64 into the sources of the core, so that neither a build nor
 * a user needs the compiler. A test holds that what is committed is what this makes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import loadWabt from 'wabt'

/** Names the file that holds the compiled kernels. */
export const KERNEL_FILE: string = join(
  import.meta.dirname,
  '../packages/core/src/execution/kernels/distance-wasm.ts',
)

const VECTOR_BYTES = 16
/** Vectors a step, each with its own accumulator: they hide the latency of an addition. */
const ACCUMULATORS = [0, 1, 2, 3]

type Lanes = 'f32x4' | 'f64x2'

/**
 * Gives a function `(rows, stride, count, query, out, index)` that writes a measure of each row against the query to
 * `out`. `stride` is the size of a row and of the query in bytes, a multiple of 64. Row i is the i-th of `rows`, or
 * where `index` is not 0 the one that the i-th 32-bit number there tells. Rows are read one after the other: memory
 * is the bound, and one stream is what its prefetching knows best.
 */
function measure(name: string, lanes: Lanes, term: (row: string, query: string) => string): string {
  const scalar = lanes.slice(0, 3)
  const scalarBytes = scalar === 'f32' ? 4 : 8
  const add = (at: number) => `
        (local.set $v (v128.load offset=${at * VECTOR_BYTES} (local.get $at)))
        (local.set $a${at} (${lanes}.add (local.get $a${at})
          ${term('(local.get $v)', `(v128.load offset=${at * VECTOR_BYTES} (local.get $q))`)}))`
  const sum = ACCUMULATORS.map((at) => `(local.get $a${at})`).reduce(
    (left, right) => `(${lanes}.add ${left} ${right})`,
  )
  const total = Array.from({ length: VECTOR_BYTES / scalarBytes }, (_, lane) => lane)
    .map((lane) => `(${lanes}.extract_lane ${lane} (local.get $v))`)
    .reduce((left, right) => `(${scalar}.add ${left} ${right})`)
  const stepBytes = ACCUMULATORS.length * VECTOR_BYTES
  return `
  (func (export "${name}")
    (param $rows i32) (param $stride i32) (param $count i32) (param $query i32) (param $out i32) (param $index i32)
    (local $i i32) (local $at i32) (local $end i32) (local $q i32) (local $v v128)
    ${ACCUMULATORS.map((at) => `(local $a${at} v128)`).join(' ')}
    (block $done (loop $rows
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (local.set $at (i32.add (local.get $rows) (i32.mul (local.get $stride)
        (if (result i32) (local.get $index)
          (then (i32.load (i32.add (local.get $index) (i32.shl (local.get $i) (i32.const 2)))))
          (else (local.get $i))))))
      (local.set $end (i32.add (local.get $at) (local.get $stride)))
      (local.set $q (local.get $query))
      ${ACCUMULATORS.map((at) => `(local.set $a${at} (${lanes}.splat (${scalar}.const 0)))`).join(' ')}
      (block $end (loop $step
        (br_if $end (i32.ge_u (local.get $at) (local.get $end)))
        ${ACCUMULATORS.map(add).join('')}
        (local.set $at (i32.add (local.get $at) (i32.const ${stepBytes})))
        (local.set $q (i32.add (local.get $q) (i32.const ${stepBytes})))
        (br $step)))
      (local.set $v ${sum})
      (${scalar}.store (local.get $out) ${total})
      (local.set $out (i32.add (local.get $out) (i32.const ${scalarBytes})))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $rows))))`
}

/** Gives the kernels of distances as WebAssembly text: sums of products and sums of squared differences. */
export function distanceSource(): string {
  const kernels = (['f32x4', 'f64x2'] as const).flatMap((lanes) => [
    measure(`product_${lanes.slice(0, 3)}`, lanes, (row, query) => `(${lanes}.mul ${row} ${query})`),
    measure(
      `squares_${lanes.slice(0, 3)}`,
      lanes,
      (row, query) => `(${lanes}.mul (local.tee $v (${lanes}.sub ${row} ${query})) (local.get $v))`,
    ),
  ])
  return `(module\n  (import "store" "memory" (memory 1))${kernels.join('')})\n`
}

/** Compiles the kernels and gives the file that holds them. */
export async function kernelFile(): Promise<string> {
  const wabt = await loadWabt()
  const parsed = wabt.parseWat('distance.wat', distanceSource(), { simd: true })
  const { buffer } = parsed.toBinary({})
  parsed.destroy()
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,100}/g) ?? []
  return `/** Holds the compiled kernels of distances, made by scripts/build-kernels.ts. */
export const distanceWasm: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('')
`
}

if (import.meta.main) writeFileSync(KERNEL_FILE, await kernelFile())
