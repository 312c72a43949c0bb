import { SheafError, sourceError } from '@sheafdb/core'
import { elementCount } from '../layout/values.ts'
import type { Floats } from './kernels.ts'
import { multiplyBatches } from './matmul.ts'
import { gather, type NdArray, reshape, transpose } from './nd-array.ts'
import { reduce, reductions } from './reduce.ts'
import { stridesOf } from './slice-view.ts'

type Doubles = NdArray<Floats>
/** Is an array whose axes have names, each once. */
type Labelled = Doubles & { readonly labels: readonly string[] }

/** Is an einsum: the labels of each operand's axes, and those of the result. */
export type EinsumSpecification = {
  readonly operands: readonly (readonly string[])[]
  readonly output: readonly string[]
}

const SPECIFICATION = /^\s*[A-Za-z\s]*(,[A-Za-z\s]*)*(->[A-Za-z\s]*)?\s*$/

/** Tells whether a text is an einsum and no expression: it has an arrow, or letters and commas alone. */
export function isEinsum(text: string): boolean {
  return text.includes('->') || (text.includes(',') && SPECIFICATION.test(text))
}

/**
 * Reads an einsum. Without an arrow the result has the labels that stand once, in the order of the alphabet.
 *
 * @throws `SYNTAX` with the position
 */
export function parseEinsum(text: string): EinsumSpecification {
  if (!SPECIFICATION.test(text)) {
    const offset = Math.max(0, text.search(/[^A-Za-z\s,\->]/))
    throw sourceError('SYNTAX', 'An einsum is letters for axes, commas between arrays and one `->`.', {
      text,
      offset,
    })
  }
  const [inputs = '', result] = text.replaceAll(/\s/g, '').split('->')
  const operands = inputs.split(',').map((labels) => [...labels])
  const all = operands.flat()
  const once = [...new Set(all)].filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort()
  const output = result === undefined ? once : [...result]
  const wrong = output.find((label, at) => !all.includes(label) || output.indexOf(label) !== at)
  if (wrong !== undefined) {
    throw sourceError('SYNTAX', `The result names an axis twice or one that no array has: ${wrong}.`, {
      text,
      offset: text.lastIndexOf(wrong),
    })
  }
  return { operands, output }
}

/** Computes an einsum, two arrays at a time, those of the smallest result first. @throws `ARGUMENT` for sizes that do not fit */
export function einsum({ operands, output }: EinsumSpecification, arrays: readonly Doubles[]): Doubles {
  if (operands.length !== arrays.length)
    throw new SheafError('ARGUMENT', `The einsum is over ${operands.length} arrays. It got ${arrays.length}.`)
  const sizes = new Map<string, number>()
  let left = arrays.map((array, at) => label(array, operands[at] as readonly string[], sizes))
  while (left.length > 1) {
    const [first, second] = cheapestPair(left, output, sizes)
    const others = left.filter((_, at) => at !== first && at !== second)
    const needed = new Set([...output, ...others.flatMap((each) => each.labels)])
    left = [...others, contract(left[first] as Labelled, left[second] as Labelled, { needed, sizes })]
  }
  const [last] = left as [Labelled]
  const kept = sumOut(last, new Set(output))
  return transpose(
    kept,
    output.map((name) => kept.labels.indexOf(name)),
  )
}

/** Names the axes of an array; an axis named twice becomes its diagonal. */
function label(array: Doubles, names: readonly string[], sizes: Map<string, number>): Labelled {
  if (names.length !== array.shape.length) {
    throw new SheafError(
      'ARGUMENT',
      `The einsum names ${names.length} axes of an array that has the shape [${array.shape.join(', ')}].`,
    )
  }
  const strides = stridesOf(array.shape)
  const byName = new Map<string, number>()
  names.forEach((name, axis) => {
    const size = array.shape[axis] as number
    if ((sizes.get(name) ?? size) !== size) {
      throw new SheafError(
        'ARGUMENT',
        `An axis has two sizes in the einsum. Make them equal: ${name} is ${sizes.get(name)} and ${size}`,
      )
    }
    sizes.set(name, size)
    byName.set(name, (byName.get(name) ?? 0) + (strides[axis] as number))
  })
  const labels = [...byName.keys()]
  const shape = labels.map((name) => sizes.get(name) as number)
  const view = { shape, strides: [...byName.values()], offset: 0 }
  return labels.length === names.length ? { ...array, labels } : { ...gather(array.values, view), labels }
}

function cheapestPair(
  arrays: readonly Labelled[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): [number, number] {
  let best: [number, number] = [0, 1]
  let least = Number.POSITIVE_INFINITY
  for (let first = 0; first < arrays.length; first += 1) {
    for (let second = first + 1; second < arrays.length; second += 1) {
      const others = arrays.filter((_, at) => at !== first && at !== second)
      const needed = new Set([...output, ...others.flatMap((each) => each.labels)])
      const both = new Set([...(arrays[first] as Labelled).labels, ...(arrays[second] as Labelled).labels])
      const cost = elementCount(
        [...both].filter((name) => needed.has(name)).map((name) => sizes.get(name) as number),
      )
      if (cost < least) [least, best] = [cost, [first, second]]
    }
  }
  return best
}

/** Multiplies two arrays and sums over the axes that nothing after needs, as a batch of matrix products. */
function contract(
  left: Labelled,
  right: Labelled,
  { needed, sizes }: { readonly needed: ReadonlySet<string>; readonly sizes: ReadonlyMap<string, number> },
): Labelled {
  const a = sumOut(left, new Set([...needed, ...right.labels]))
  const b = sumOut(right, new Set([...needed, ...left.labels]))
  const shared = a.labels.filter((name) => b.labels.includes(name))
  const batch = shared.filter((name) => needed.has(name))
  const inner = shared.filter((name) => !needed.has(name))
  const rows = a.labels.filter((name) => !shared.includes(name))
  const columns = b.labels.filter((name) => !shared.includes(name))
  const count = (names: readonly string[]) => elementCount(names.map((name) => sizes.get(name) as number))
  const values = multiplyBatches(
    ordered(a, [...batch, ...rows, ...inner]).values,
    ordered(b, [...batch, ...inner, ...columns]).values,
    { batch: count(batch), rows: count(rows), inner: count(inner), columns: count(columns) },
  )
  const labels = [...batch, ...rows, ...columns]
  return { values, shape: labels.map((name) => sizes.get(name) as number), labels }
}

function ordered(array: Labelled, names: readonly string[]): Doubles {
  return names.every((name, axis) => array.labels[axis] === name)
    ? array
    : transpose(
        array,
        names.map((name) => array.labels.indexOf(name)),
      )
}

function sumOut(array: Labelled, needed: ReadonlySet<string>): Labelled {
  const keep = array.labels.filter((name) => needed.has(name))
  if (keep.length === array.labels.length) return array
  const drop = array.labels.filter((name) => !needed.has(name))
  const turned = ordered(array, [...keep, ...drop])
  const shape = turned.shape.slice(0, keep.length)
  const flat = reshape(turned, [elementCount(shape), elementCount(turned.shape.slice(keep.length))])
  const summed = reduce(flat, reductions.get('sum') as never, { axis: 1, keepAxes: false })
  return { values: summed.values, shape, labels: keep }
}
