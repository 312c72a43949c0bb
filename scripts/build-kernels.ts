/**
 * Compiles the WebAssembly kernels and writes them as base64 into the sources of the packages, so that neither a build nor
 * a user needs the compiler. A test holds that what is committed is what this makes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import loadWabt from 'wabt'

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
function distanceSource(): string {
  const kernels = ROW_KINDS.flatMap((kind) =>
    Object.entries(TERMS).map(([name, term]) => measure(name, kind, term)),
  )
  const bits = [countBits('both', 'and'), countBits('unequal', 'xor')]
  return `(module\n  (import "store" "memory" (memory 1))${[...kernels, ...bits].join('')})\n`
}

/** Gives the kernels of arrays as WebAssembly text: sums, products, arithmetic and a panel of a product of matrices. */
function arraySource(): string {
  const kinds = (['f32x4', 'f64x2'] as const).flatMap((lanes) => [
    sumOf('sum', lanes, (at) => [`(v128.load offset=${at * VECTOR_BYTES} (local.get $a))`]),
    sumOf('dot', lanes, (at) => [
      `(v128.load offset=${at * VECTOR_BYTES} (local.get $a))`,
      `(v128.load offset=${at * VECTOR_BYTES} (local.get $b))`,
    ]),
    ...['add', 'sub', 'mul', 'div'].flatMap((operator) =>
      (['vv', 'vs', 'sv'] as const).map((sides) => arithmetic(operator, lanes, sides)),
    ),
    panel(lanes),
  ])
  return `(module\n  (import "store" "memory" (memory 1))${kinds.join('')})\n`
}

/** Widens both halves of four floats, or gives two doubles as they are. */
function inDoubles(lanes: Lanes, vectors: readonly string[]): string[][] {
  if (lanes === 'f64x2') return [[...vectors]]
  const upper = '8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7'
  return [
    vectors.map((vector) => `(f64x2.promote_low_f32x4 ${vector})`),
    vectors.map((vector) => `(f64x2.promote_low_f32x4 (i8x16.shuffle ${upper} ${vector} ${vector}))`),
  ]
}

/** Gives a function `(a, b, bytes)` that sums up elements, or products of two arrays', in double precision; 64 bytes a step. */
function sumOf(name: string, lanes: Lanes, load: (at: number) => string[]): string {
  const terms = ACCUMULATORS.flatMap((at) => inDoubles(lanes, load(at))).map((vectors) =>
    vectors.length === 1 ? (vectors[0] as string) : `(f64x2.mul ${vectors.join(' ')})`,
  )
  const names = terms.map((_, at) => `$t${at}`)
  const sum = names
    .map((each) => `(local.get ${each})`)
    .reduce((left, right) => `(f64x2.add ${left} ${right})`)
  return `
  (func (export "${name}_${lanes.slice(0, 3)}") (param $a i32) (param $b i32) (param $bytes i32) (result f64)
    (local $end i32) (local $v v128) ${names.map((each) => `(local ${each} v128)`).join(' ')}
    (local.set $end (i32.add (local.get $a) (local.get $bytes)))
    (block $done (loop $step
      (br_if $done (i32.ge_u (local.get $a) (local.get $end)))
      ${terms.map((term, at) => `(local.set $t${at} (f64x2.add (local.get $t${at}) ${term}))`).join('\n      ')}
      (local.set $a (i32.add (local.get $a) (i32.const 64)))
      (local.set $b (i32.add (local.get $b) (i32.const 64)))
      (br $step)))
    (local.set $v ${sum})
    (f64.add (f64x2.extract_lane 0 (local.get $v)) (f64x2.extract_lane 1 (local.get $v))))`
}

/** Gives a function `(a, b, scalar, out, bytes)` of two arrays, or of one and a number on the right (vs) or left (sv). */
function arithmetic(operator: string, lanes: Lanes, sides: 'vv' | 'vs' | 'sv'): string {
  const scalar =
    lanes === 'f32x4'
      ? '(f32x4.splat (f32.demote_f64 (local.get $scalar)))'
      : '(f64x2.splat (local.get $scalar))'
  const step = ACCUMULATORS.map((at) => {
    const load = (name: string) => `(v128.load offset=${at * VECTOR_BYTES} (local.get ${name}))`
    const left = sides === 'sv' ? '(local.get $s)' : load('$a')
    const right = sides === 'vs' ? '(local.get $s)' : load('$b')
    return `(v128.store offset=${at * VECTOR_BYTES} (local.get $out) (${lanes}.${operator} ${left} ${right}))`
  })
  return `
  (func (export "${operator}_${lanes.slice(0, 3)}_${sides}")
    (param $a i32) (param $b i32) (param $scalar f64) (param $out i32) (param $bytes i32)
    (local $end i32) (local $s v128)
    (local.set $s ${scalar})
    (local.set $end (i32.add (local.get $out) (local.get $bytes)))
    (block $done (loop $step
      (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
      ${step.join('\n      ')}
      (local.set $a (i32.add (local.get $a) (i32.const 64)))
      (local.set $b (i32.add (local.get $b) (i32.const 64)))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (br $step)))
  )`
}

const PANEL_ROWS = [0, 1, 2, 3]
const PANEL_VECTORS = [0, 1]

/**
 * Gives a function `(a, b, out, rows, inner, stride)` that multiplies rows of a left matrix, four at a time and one after
 * the other in memory, by a panel of two vectors' columns of the right one, whose rows stand one after the other; results go
 * to `out`, `stride` bytes from row to row. `rows` is a multiple of four.
 */
function panel(lanes: Lanes): string {
  const scalar = lanes.slice(0, 3)
  const bits = scalar === 'f32' ? 32 : 64
  const itemBytes = bits / 8
  const sums = PANEL_ROWS.flatMap((row) => PANEL_VECTORS.map((vector) => `$c${row}${vector}`))
  const step = PANEL_ROWS.map(
    (row) => `
        (local.set $v (v128.load${bits}_splat (local.get $a${row})))
        ${PANEL_VECTORS.map((vector) => `(local.set $c${row}${vector} (${lanes}.add (local.get $c${row}${vector}) (${lanes}.mul (local.get $v) (local.get $b${vector}))))`).join(' ')}
        (local.set $a${row} (i32.add (local.get $a${row}) (i32.const ${itemBytes})))`,
  )
  const store = PANEL_ROWS.map(
    (
      row,
    ) => `${PANEL_VECTORS.map((vector) => `(v128.store offset=${vector * VECTOR_BYTES} (local.get $out) (local.get $c${row}${vector}))`).join(' ')}
      (local.set $out (i32.add (local.get $out) (local.get $stride)))`,
  )
  return `
  (func (export "panel_${scalar}")
    (param $a i32) (param $b i32) (param $out i32) (param $rows i32) (param $inner i32) (param $stride i32)
    (local $row i32) (local $k i32) (local $q i32) (local $bytes i32) (local $v v128)
    ${PANEL_ROWS.map((row) => `(local $a${row} i32)`).join(' ')}
    ${PANEL_VECTORS.map((vector) => `(local $b${vector} v128)`).join(' ')}
    ${sums.map((sum) => `(local ${sum} v128)`).join(' ')}
    (local.set $bytes (i32.mul (local.get $inner) (i32.const ${itemBytes})))
    (block $done (loop $rows
      (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
      (local.set $a0 (local.get $a))
      ${[1, 2, 3].map((row) => `(local.set $a${row} (i32.add (local.get $a${row - 1}) (local.get $bytes)))`).join(' ')}
      ${sums.map((sum) => `(local.set ${sum} (${lanes}.splat (${scalar}.const 0)))`).join(' ')}
      (local.set $k (i32.const 0))
      (local.set $q (local.get $b))
      (block $end (loop $step
        (br_if $end (i32.ge_u (local.get $k) (local.get $inner)))
        ${PANEL_VECTORS.map((vector) => `(local.set $b${vector} (v128.load offset=${vector * VECTOR_BYTES} (local.get $q)))`).join(' ')}
        ${step.join('')}
        (local.set $q (i32.add (local.get $q) (i32.const ${PANEL_VECTORS.length * VECTOR_BYTES})))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $step)))
      ${store.join('\n      ')}
      (local.set $a (i32.add (local.get $a) (i32.mul (local.get $bytes) (i32.const ${PANEL_ROWS.length}))))
      (local.set $row (i32.add (local.get $row) (i32.const ${PANEL_ROWS.length})))
      (br $rows))))`
}

type KernelFile = {
  readonly path: string
  readonly name: string
  readonly what: string
  readonly source: () => string
}

/** Lists the files of compiled kernels. */
export const KERNEL_FILES: readonly KernelFile[] = [
  {
    path: join(import.meta.dirname, '../packages/core/src/execution/kernels/distance-wasm.ts'),
    name: 'distanceWasm',
    what: 'distances',
    source: distanceSource,
  },
  {
    path: join(import.meta.dirname, '../packages/tensor/src/compute/array-wasm.ts'),
    name: 'arrayWasm',
    what: 'arrays',
    source: arraySource,
  },
]

/** Compiles kernels and gives the file that holds them. */
export async function kernelFile({ name, what, source }: KernelFile): Promise<string> {
  const wabt = await loadWabt()
  const parsed = wabt.parseWat(`${name}.wat`, source(), { simd: true })
  const { buffer } = parsed.toBinary({})
  parsed.destroy()
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,100}/g) ?? []
  return `/** Holds the compiled kernels of ${what}, made by scripts/build-kernels.ts. */
export const ${name}: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('')
`
}

if (import.meta.main) for (const file of KERNEL_FILES) writeFileSync(file.path, await kernelFile(file))
