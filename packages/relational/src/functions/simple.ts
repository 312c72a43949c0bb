import { type DataType, type FunctionDefinition, SheafError, types, type Value } from '@sheafdb/core'

/** Names what a simple function takes: an argument of a kind is converted to it where that loses nothing. */
export type ArgumentKind = 'text' | 'integer' | 'double' | 'bool'

/** Is a function of fixed kinds of arguments and a fixed type of result; any null argument gives null. */
export type SimpleFunction = {
  /** DuckDB's names of the function. */
  readonly names: readonly string[]
  readonly takes: readonly ArgumentKind[]
  /** How many of the arguments may be left out at the end. */
  readonly optional?: number
  readonly gives: DataType
  /** True where the result may be null though no argument is. */
  readonly nullable?: boolean
  readonly run: (...args: never[]) => Value
}

/** Gives the name of a simple function in the registry. */
export function registryName({ names }: SimpleFunction): string {
  return `sql.${names[0]}`
}

/** Makes the definition of a simple function for the registry. */
export function definitionOf(simple: SimpleFunction): FunctionDefinition {
  return {
    name: registryName(simple),
    nulls: 'strict',
    ...(simple.nullable ? { nullable: () => true } : {}),
    type: () => simple.gives,
    evaluator: () => runOf(simple),
  }
}

/** Counts of characters past 2^53, which arrive as bigint, become numbers: no text is as long. */
function runOf({ takes, run }: SimpleFunction): (...args: Value[]) => Value {
  const whole = run as (...args: Value[]) => Value
  if (takes[0] !== 'text' || !takes.includes('integer')) return whole
  return (...args) => whole(...args.map((arg) => (typeof arg === 'bigint' ? Number(arg) : arg)))
}

const points = (text: string): string[] => Array.from(text)

/** Refuses places in a text that DuckDB refuses, 32 bits being its limit. @throws `OVERFLOW` */
export function checkTextOffset(offset: number): void {
  if (Math.abs(offset) >= 2 ** 32)
    throw new SheafError(
      'OVERFLOW',
      'The offset or length of a substring is out of range. Use a smaller one.',
    )
}

/** Takes a part of a text as DuckDB does: from 1, from the end where negative; a negative count goes back. */
function substring(text: string, offset: number, count = Number.POSITIVE_INFINITY): string {
  const all = points(text)
  let length = count
  checkTextOffset(offset)
  if (count !== Number.POSITIVE_INFINITY) checkTextOffset(count)
  if (length === 0) return ''
  let start: number
  if (offset > 0) start = Math.min(all.length, offset - 1)
  else if (offset < 0) start = Math.max(all.length + offset, 0)
  else {
    start = 0
    length -= 1
    if (length <= 0) return ''
  }
  return length > 0
    ? all.slice(start, Math.min(all.length, start + length)).join('')
    : all.slice(Math.max(0, start + length), start).join('')
}

function left(text: string, count: number): string {
  const all = points(text)
  return all.slice(0, count >= 0 ? count : Math.max(0, all.length + count)).join('')
}

function right(text: string, count: number): string {
  const all = points(text)
  return all.slice(count >= 0 ? Math.max(0, all.length - count) : Math.min(all.length, -count)).join('')
}

function trimWith(text: string, characters: string | undefined, ends: 'both' | 'start' | 'end'): string {
  const drops = characters === undefined ? (point: string) => /\p{Zs}/u.test(point) : setOf(characters)
  const all = points(text)
  let start = 0
  let end = all.length
  if (ends !== 'end') while (start < end && drops(all[start] as string)) start += 1
  if (ends !== 'start') while (end > start && drops(all[end - 1] as string)) end -= 1
  return all.slice(start, end).join('')
}

function setOf(characters: string): (point: string) => boolean {
  const set = new Set(points(characters))
  return (point) => set.has(point)
}

const MAX_TEXT = 2 ** 28

function pad(text: string, count: number, filler: string, atStart: boolean): string {
  const all = points(text)
  const kept = all.slice(0, Math.max(0, count))
  const missing = Math.max(0, count - all.length)
  if (missing === 0) return kept.join('')
  if (filler === '')
    throw new SheafError('VALUE', 'There is nothing to pad the text with. Give a text that is not empty.')
  if (missing > MAX_TEXT)
    throw new SheafError('LIMIT', `The text would be too long. Pad it to less than ${MAX_TEXT}.`)
  const fill = points(filler)
  let made = ''
  for (let index = 0; index < missing; index += 1) made += fill[index % fill.length]
  return atStart ? made + kept.join('') : kept.join('') + made
}

function repeat(text: string, count: number): string {
  if (count * text.length > MAX_TEXT)
    throw new SheafError(
      'LIMIT',
      `The text would be too long. Repeat it for less than ${MAX_TEXT} characters.`,
    )
  return count <= 0 ? '' : text.repeat(count)
}

function position(text: string, part: string): number {
  const at = text.indexOf(part)
  return at < 0 ? 0 : points(text.slice(0, at)).length + 1
}

function splitPart(text: string, separator: string, index: number): string {
  const parts = separator === '' ? (text === '' ? [''] : points(text)) : text.split(separator)
  const at = index > 0 ? index - 1 : parts.length + index
  return index === 0 ? '' : (parts[at] ?? '')
}

function translate(text: string, from: string, to: string): string {
  const [source, target] = [points(from), points(to)]
  const map = new Map<string, string>()
  source.forEach((point, index) => {
    if (!map.has(point)) map.set(point, target[index] ?? '')
  })
  return points(text)
    .map((point) => map.get(point) ?? point)
    .join('')
}

let segmenter: Intl.Segmenter | undefined

function reverse(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: texts of ASCII alone have no characters of several points
  if (/^[\x00-\x7f]*$/.test(text)) return text.split('').reverse().join('')
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
    .reverse()
    .join('')
}

const textFunctions: readonly SimpleFunction[] = [
  {
    names: ['substring', 'substr'],
    takes: ['text', 'integer', 'integer'],
    optional: 1,
    gives: types.utf8,
    run: substring,
  },
  { names: ['left'], takes: ['text', 'integer'], gives: types.utf8, run: left },
  { names: ['right'], takes: ['text', 'integer'], gives: types.utf8, run: right },
  { names: ['reverse'], takes: ['text'], gives: types.utf8, run: reverse },
  { names: ['repeat'], takes: ['text', 'integer'], gives: types.utf8, run: repeat },
  {
    names: ['trim'],
    takes: ['text', 'text'],
    optional: 1,
    gives: types.utf8,
    run: (text: string, chars?: string) => trimWith(text, chars, 'both'),
  },
  {
    names: ['ltrim'],
    takes: ['text', 'text'],
    optional: 1,
    gives: types.utf8,
    run: (text: string, chars?: string) => trimWith(text, chars, 'start'),
  },
  {
    names: ['rtrim'],
    takes: ['text', 'text'],
    optional: 1,
    gives: types.utf8,
    run: (text: string, chars?: string) => trimWith(text, chars, 'end'),
  },
  {
    names: ['lpad'],
    takes: ['text', 'integer', 'text'],
    gives: types.utf8,
    run: (text: string, count: number, filler: string) => pad(text, count, filler, true),
  },
  {
    names: ['rpad'],
    takes: ['text', 'integer', 'text'],
    gives: types.utf8,
    run: (text: string, count: number, filler: string) => pad(text, count, filler, false),
  },
  { names: ['instr', 'strpos', 'position'], takes: ['text', 'text'], gives: types.int64, run: position },
  { names: ['ascii'], takes: ['text'], gives: types.int32, run: (text: string) => text.codePointAt(0) ?? 0 },
  {
    names: ['unicode', 'ord'],
    takes: ['text'],
    gives: types.int32,
    run: (text: string) => text.codePointAt(0) ?? -1,
  },
  { names: ['strlen'], takes: ['text'], gives: types.int64, run: (text: string) => Buffer.byteLength(text) },
  {
    names: ['bit_length'],
    takes: ['text'],
    gives: types.int64,
    run: (text: string) => Buffer.byteLength(text) * 8,
  },
  { names: ['split_part'], takes: ['text', 'text', 'integer'], gives: types.utf8, run: splitPart },
  { names: ['translate'], takes: ['text', 'text', 'text'], gives: types.utf8, run: translate },
]

function domain(test: boolean, what: string): void {
  if (!test) throw new SheafError('OVERFLOW', `${what}. Filter such values out first.`)
}

const numeric = (name: string, run: (value: number) => number): SimpleFunction => ({
  names: [name],
  takes: ['double'],
  gives: types.float64,
  run,
})

/** Takes a logarithm, which neither zero nor a negative number has. */
const logarithm =
  (log: (value: number) => number) =>
  (value: number): number => {
    domain(!(value < 0), 'A negative number has no logarithm')
    domain(value !== 0, 'Zero has no logarithm')
    return log(value)
  }

/** Functions of angles take no infinity. */
const angle =
  (compute: (value: number) => number) =>
  (value: number): number => {
    domain(Number.isFinite(value) || Number.isNaN(value), 'An infinity is no angle')
    return compute(value)
  }

/** Inverse functions take numbers from -1 to 1. */
const inverse =
  (compute: (value: number) => number) =>
  (value: number): number => {
    domain(!(value < -1 || value > 1), 'The number must lie between -1 and 1')
    return compute(value)
  }

const numberFunctions: readonly SimpleFunction[] = [
  numeric('sqrt', (value) => {
    domain(!(value < 0), 'A negative number has no square root')
    return Math.sqrt(value)
  }),
  numeric('ln', logarithm(Math.log)),
  { ...numeric('log10', logarithm(Math.log10)), names: ['log10', 'log'] },
  numeric('log2', logarithm(Math.log2)),
  numeric('sin', angle(Math.sin)),
  numeric('cos', angle(Math.cos)),
  numeric('tan', angle(Math.tan)),
  numeric('asin', inverse(Math.asin)),
  numeric('acos', inverse(Math.acos)),
  numeric('atan', Math.atan),
  numeric('sinh', Math.sinh),
  numeric('cosh', Math.cosh),
  numeric('tanh', Math.tanh),
  numeric('asinh', Math.asinh),
  { names: ['atan2'], takes: ['double', 'double'], gives: types.float64, run: Math.atan2 },
  { names: ['pi'], takes: [], gives: types.float64, run: () => Math.PI },
  { names: ['isnan'], takes: ['double'], gives: types.bool, run: (value: number) => Number.isNaN(value) },
  {
    names: ['isinf'],
    takes: ['double'],
    gives: types.bool,
    run: (value: number) => Math.abs(value) === Number.POSITIVE_INFINITY,
  },
  {
    names: ['isfinite'],
    takes: ['double'],
    gives: types.bool,
    run: (value: number) => Number.isFinite(value),
  },
]

/** Holds the functions of SQL that have fixed types. */
export const SIMPLE_FUNCTIONS: ReadonlyMap<string, SimpleFunction> = new Map(
  [...textFunctions, ...numberFunctions].flatMap((simple) =>
    simple.names.map((name) => [name, simple] as const),
  ),
)
