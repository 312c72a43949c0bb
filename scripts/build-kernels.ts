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

/** Tells how a step of a row becomes four vectors of lanes. Queries are always of whole lanes. */
type RowKind = {
  readonly name: string
  readonly lanes: Lanes
  /** Bytes of a row that a step reads. */
  readonly stepBytes: number
  /** Gives the vector of an accumulator. */
  readonly load: (at: number) => string
}

const load = (offset: number) => `(v128.load offset=${offset} (local.get $at))`

/** Widens a quarter of 16 bytes of the row, signed or not, to four 32-bit integers. */
function widened(at: number, kind: 'i8' | 'u16'): string {
  const half = at % 2 === 0 ? 'low' : 'high'
  if (kind === 'u16') return `(i32x4.extend_${half}_i16x8_u ${load(Math.floor(at / 2) * VECTOR_BYTES)})`
  return `(i32x4.extend_${half}_i16x8_s (i16x8.extend_${at < 2 ? 'low' : 'high'}_i8x16_s ${load(0)}))`
}

/**
 * Makes single precision of half precision by moving its bits: exponents are then 112 too low, which a product mends,
 * for subnormal numbers too. Infinities become finite: who finds a row measures it again.
 */
function halfToFloat(bits: string): string {
  const size = `(i32x4.shl (v128.and (local.tee $h ${bits}) (v128.const i32x4 0x7fff 0x7fff 0x7fff 0x7fff)) (i32.const 13))`
  const sign =
    '(i32x4.shl (v128.and (local.get $h) (v128.const i32x4 0x8000 0x8000 0x8000 0x8000)) (i32.const 16))'
  return `(v128.or (f32x4.mul ${size} (f32x4.splat (f32.const 0x1p112))) ${sign})`
}

const ROW_KINDS: readonly RowKind[] = [
  { name: 'f32', lanes: 'f32x4', stepBytes: 64, load: (at) => load(at * VECTOR_BYTES) },
  { name: 'f64', lanes: 'f64x2', stepBytes: 64, load: (at) => load(at * VECTOR_BYTES) },
  { name: 'f16', lanes: 'f32x4', stepBytes: 32, load: (at) => halfToFloat(widened(at, 'u16')) },
  {
    name: 'bf16',
    lanes: 'f32x4',
    stepBytes: 32,
    load: (at) => `(i32x4.shl ${widened(at, 'u16')} (i32.const 16))`,
  },
  { name: 'i8', lanes: 'f32x4', stepBytes: 16, load: (at) => `(f32x4.convert_i32x4_s ${widened(at, 'i8')})` },
]

/** Gives what a lane adds to a measure, for the row in `$v` and a source of the query. */
type Term = (lanes: Lanes, query: string) => string

const one = (lanes: Lanes) => `(${lanes}.splat (${lanes.slice(0, 3)}.const 1))`
const zero = (lanes: Lanes) => `(${lanes}.splat (${lanes.slice(0, 3)}.const 0))`

const TERMS: Readonly<Record<string, Term>> = {
  product: (lanes, query) => `(${lanes}.mul (local.get $v) ${query})`,
  squares: (lanes, query) =>
    `(${lanes}.mul (local.tee $v (${lanes}.sub (local.get $v) ${query})) (local.get $v))`,
  differences: (lanes, query) => `(${lanes}.abs (${lanes}.sub (local.get $v) ${query}))`,
  unequal: (lanes, query) => `(v128.and (${lanes}.ne (local.get $v) ${query}) ${one(lanes)})`,
  both: (lanes, query) =>
    `(v128.and (v128.and (${lanes}.ne (local.get $v) ${zero(lanes)}) (${lanes}.ne ${query} ${zero(lanes)})) ${one(lanes)})`,
}

/**
 * Gives a function `(rows, stride, count, query, out, index)` that writes a measure of each row against the query to
 * `out`. `stride` is the size of a row in bytes, a multiple of its step. Row i is the i-th of `rows`, or
 * where `index` is not 0 the one that the i-th 32-bit number there tells. Rows are read one after the other: memory
 * is the bound, and one stream is what its prefetching knows best.
 */
function overRows(
  name: string,
  body: {
    readonly locals: string
    readonly start: string
    readonly step: string
    readonly stepBytes: number
    readonly queryBytes: number
    readonly store: string
    readonly outBytes: number
  },
): string {
  return `
  (func (export "${name}")
    (param $rows i32) (param $stride i32) (param $count i32) (param $query i32) (param $out i32) (param $index i32)
    (local $i i32) (local $at i32) (local $end i32) (local $q i32) (local $v v128) (local $h v128)
    ${body.locals}
    (block $done (loop $rows
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (local.set $at (i32.add (local.get $rows) (i32.mul (local.get $stride)
        (if (result i32) (local.get $index)
          (then (i32.load (i32.add (local.get $index) (i32.shl (local.get $i) (i32.const 2)))))
          (else (local.get $i))))))
      (local.set $end (i32.add (local.get $at) (local.get $stride)))
      (local.set $q (local.get $query))
      ${body.start}
      (block $end (loop $step
        (br_if $end (i32.ge_u (local.get $at) (local.get $end)))
        ${body.step}
        (local.set $at (i32.add (local.get $at) (i32.const ${body.stepBytes})))
        (local.set $q (i32.add (local.get $q) (i32.const ${body.queryBytes})))
        (br $step)))
      ${body.store}
      (local.set $out (i32.add (local.get $out) (i32.const ${body.outBytes})))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $rows))))`
}

const accumulators = ACCUMULATORS.map((at) => `(local $a${at} v128)`).join(' ')

function measure(name: string, kind: RowKind, term: Term): string {
  const { lanes } = kind
  const scalar = lanes.slice(0, 3)
  const scalarBytes = scalar === 'f32' ? 4 : 8
  const add = (at: number) => `
        (local.set $v ${kind.load(at)})
        (local.set $a${at} (${lanes}.add (local.get $a${at})
          ${term(lanes, `(v128.load offset=${at * VECTOR_BYTES} (local.get $q))`)}))`
  const sum = ACCUMULATORS.map((at) => `(local.get $a${at})`).reduce(
    (left, right) => `(${lanes}.add ${left} ${right})`,
  )
  const total = Array.from({ length: VECTOR_BYTES / scalarBytes }, (_, lane) => lane)
    .map((lane) => `(${lanes}.extract_lane ${lane} (local.get $v))`)
    .reduce((left, right) => `(${scalar}.add ${left} ${right})`)
  return overRows(`${name}_${kind.name}`, {
    locals: accumulators,
    start: ACCUMULATORS.map((at) => `(local.set $a${at} ${zero(lanes)})`).join(' '),
    step: ACCUMULATORS.map(add).join(''),
    stepBytes: kind.stepBytes,
    queryBytes: ACCUMULATORS.length * VECTOR_BYTES,
    store: `(local.set $v ${sum}) (${scalar}.store (local.get $out) ${total})`,
    outBytes: scalarBytes,
  })
}

/** Counts the bits that a row and the query have set in one way: both, or one of them. */
function countBits(name: string, operator: 'and' | 'xor'): string {
  const count = (at: number) => {
    const bits = `(v128.${operator} ${load(at * VECTOR_BYTES)} (v128.load offset=${at * VECTOR_BYTES} (local.get $q)))`
    return `(i16x8.extadd_pairwise_i8x16_u (i8x16.popcnt ${bits}))`
  }
  const sum = ACCUMULATORS.map(count).reduce((left, right) => `(i16x8.add ${left} ${right})`)
  const total = [0, 1, 2, 3]
    .map((lane) => `(i32x4.extract_lane ${lane} (local.get $v))`)
    .reduce((left, right) => `(i32.add ${left} ${right})`)
  return overRows(`${name}_bits`, {
    locals: '',
    start: '(local.set $v (i32x4.splat (i32.const 0)))',
    step: `(local.set $v (i32x4.add (local.get $v) (i32x4.extadd_pairwise_i16x8_u ${sum})))`,
    stepBytes: ACCUMULATORS.length * VECTOR_BYTES,
    queryBytes: ACCUMULATORS.length * VECTOR_BYTES,
    store: `(f32.store (local.get $out) (f32.convert_i32_u ${total}))`,
    outBytes: 4,
  })
}

/** Gives the kernels of distances as WebAssembly text. */
export function distanceSource(): string {
  const kernels = ROW_KINDS.flatMap((kind) =>
    Object.entries(TERMS).map(([name, term]) => measure(name, kind, term)),
  )
  const bits = [countBits('both', 'and'), countBits('unequal', 'xor')]
  return `(module\n  (import "store" "memory" (memory 1))${[...kernels, ...bits].join('')})\n`
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
