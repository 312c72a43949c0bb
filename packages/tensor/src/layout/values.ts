import {
  brainsToFloats,
  floatsToBrains,
  floatsToHalves,
  fromBrain,
  fromHalf,
  halvesToFloats,
  SheafError,
  toBrain,
  toHalf,
} from '@sheafdb/core'
import type { DType, DTypeDescription, TensorValues } from './dtype.ts'

/** Is elements as a user may give them: a typed array, an array of numbers, or arrays in arrays. */
export type TensorInput =
  | TensorValues
  | Uint8ClampedArray
  | ArrayLike<number | bigint | boolean>
  | readonly NestedInput[]

/** Is a number, or arrays of numbers in arrays. */
export type NestedInput = number | bigint | boolean | readonly NestedInput[] | TensorValues

const MAX_AXES = 32

/** Counts the elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Checks a shape. @throws `ARGUMENT` */
export function checkShape(shape: readonly number[]): readonly number[] {
  const valid =
    Array.isArray(shape) &&
    shape.length <= MAX_AXES &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    Number.isSafeInteger(elementCount(shape))
  if (valid) return shape
  throw new SheafError(
    'ARGUMENT',
    `A shape must be at most ${MAX_AXES} sizes, each an integer of at least 0: ${JSON.stringify(shape)}`,
  )
}

/** Finds the shape of elements: that of nested arrays, else one axis. @throws `ARGUMENT` where rows differ in length */
export function shapeOf(input: TensorInput): number[] {
  const shape: number[] = []
  let current: unknown = input
  while (isArrayLike(current)) {
    if (shape.length === MAX_AXES)
      throw new SheafError('ARGUMENT', `A tensor has at most ${MAX_AXES} axes. Flatten the arrays.`)
    shape.push(current.length)
    current = ArrayBuffer.isView(current) ? undefined : current[0]
  }
  return shape
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

/**
 * Makes elements of a type of what was given, row by row. A typed array of the right kind is given back as it is.
 *
 * @throws `ARGUMENT` for a wrong count or ragged rows, `TYPE` for what is no number, `OVERFLOW` for integers out of range
 */
export function toValues(
  input: TensorInput,
  dtype: DTypeDescription,
  shape: readonly number[],
): TensorValues {
  const count = elementCount(shape)
  if (!isArrayLike(input))
    throw new SheafError('TYPE', 'The values of a tensor must be an array or typed array.')
  const isExact = input instanceof dtype.makeArray && dtype.name !== 'bool' && dtype.bits === bitsOf(input)
  if (isExact) {
    checkCount(input.length, count, shape)
    return input as TensorValues
  }
  const values = new dtype.makeArray(count)
  const filled = fill(values, input as readonly NestedInput[], { dtype, shape, axis: 0, at: 0 })
  checkCount(filled, count, shape)
  return values
}

function bitsOf(values: TensorValues): number {
  return values.BYTES_PER_ELEMENT * 8
}

function checkCount(found: number, wanted: number, shape: readonly number[]): void {
  if (found === wanted) return
  throw new SheafError(
    'ARGUMENT',
    `The shape [${shape.join(', ')}] has ${wanted} elements. Give as many; there are ${found}.`,
  )
}

type FillState = {
  readonly dtype: DTypeDescription
  readonly shape: readonly number[]
  readonly axis: number
  readonly at: number
}

/** Fills elements in, gives how many there are; checks the lengths of nested arrays against the shape. */
function fill(target: TensorValues, items: ArrayLike<NestedInput>, state: FillState): number {
  const { dtype, shape, axis } = state
  const isNested = items.length > 0 && isArrayLike(items[0])
  if (isNested && items.length !== shape[axis]) throw ragged(shape, axis, items.length)
  let at = state.at
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as NestedInput
    if (isArrayLike(item) !== isNested) throw ragged(shape, axis, items.length)
    if (isArrayLike(item)) {
      const next = fill(target, item as readonly NestedInput[], { dtype, shape, axis: axis + 1, at })
      if (next - at !== elementCount(shape.slice(axis + 1))) throw ragged(shape, axis + 1, next - at)
      at = next
    } else {
      if (at < target.length) setElement(target, at, item as number, dtype)
      at += 1
    }
  }
  return at
}

function ragged(shape: readonly number[], axis: number, found: number): SheafError {
  return new SheafError(
    'ARGUMENT',
    `The arrays do not have the shape [${shape.join(', ')}]. Axis ${axis} has ${found} in one of them.`,
  )
}

function setElement(
  target: TensorValues,
  at: number,
  value: number | bigint | boolean,
  dtype: DTypeDescription,
): void {
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
    throw new SheafError('TYPE', `A tensor holds numbers. One element is a ${typeof value}.`)
  if (dtype.range === null) target[at] = rounded(Number(value), dtype.name)
  else if (target instanceof BigInt64Array || target instanceof BigUint64Array)
    target[at] = checkedInteger(value, dtype)
  else target[at] = Number(checkedInteger(value, dtype))
}

function checkedInteger(value: number | bigint | boolean, dtype: DTypeDescription): bigint {
  if (typeof value === 'number' && !Number.isInteger(value))
    throw new SheafError('TYPE', `A ${dtype.name} tensor holds integers. Round the element: ${value}`)
  const integer = BigInt(value)
  const [low, high] = dtype.range as readonly [bigint, bigint]
  if (integer >= low && integer <= high) return integer
  throw new SheafError(
    'OVERFLOW',
    `An element is out of the range of ${dtype.name}. Use a wider dtype: ${integer}`,
  )
}

function rounded(value: number, dtype: DType): number {
  if (dtype === 'float16') return fromHalf(toHalf(value))
  return dtype === 'bfloat16' ? fromBrain(toBrain(value)) : value
}

/** Writes elements as little-endian bytes, as files hold them. */
export function valuesToBytes(values: TensorValues, dtype: DTypeDescription): Uint8Array {
  if (dtype.name === 'float16' || dtype.name === 'bfloat16') {
    const bits =
      dtype.name === 'float16'
        ? floatsToHalves(values as Float32Array)
        : floatsToBrains(values as Float32Array)
    return new Uint8Array(bits.buffer)
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** Reads elements from little-endian bytes, which stay as they are: the elements are a copy. */
export function bytesToValues(bytes: Uint8Array, dtype: DTypeDescription): TensorValues {
  // A Buffer's own slice is a view.
  return ownedValues(Uint8Array.prototype.slice.call(bytes), dtype)
}

/** Reads elements from bytes that nobody else holds and that are a buffer of their own: they become the elements. */
export function ownedValues(bytes: Uint8Array, dtype: DTypeDescription): TensorValues {
  const buffer = bytes.buffer as ArrayBuffer
  if (dtype.name === 'float16') return halvesToFloats(new Uint16Array(buffer))
  if (dtype.name === 'bfloat16') return brainsToFloats(new Uint16Array(buffer))
  return new dtype.makeArray(buffer)
}
