import { BrainFloatType, type DataType, SheafError, types } from '@sheafdb/core'
import { Float16 } from 'apache-arrow'

/** Is an array of elements as a user gets it: bool as 0 and 1, float16 and bfloat16 as the float32 of their value. */
export type TensorValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array

type ValuesConstructor = {
  new (length: number): TensorValues
  new (buffer: ArrayBuffer): TensorValues
  readonly BYTES_PER_ELEMENT: number
}

/** Names the types that elements may have. */
export type DType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | PackedDType

/** Names the types of files that JavaScript has no array for: their elements are given as the bytes of the file. */
export type PackedDType =
  | 'float4_e2m1'
  | 'float6_e2m3'
  | 'float6_e3m2'
  | 'float8_e5m2'
  | 'float8_e4m3'
  | 'float8_e8m0'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2fnuz'
  | 'complex64'

/** Describes an element type. */
export type DTypeDescription = {
  readonly name: DType
  /** Bits of an element in files and in exact bytes. */
  readonly bits: number
  readonly makeArray: ValuesConstructor
  /** The Arrow type of elements in a column. */
  readonly arrowType: DataType
  /** The name in a safetensors file. */
  readonly fileName: string
  /** Least and greatest integer; `null` for floating-point numbers. */
  readonly range: readonly [bigint, bigint] | null
  /** True where elements are bytes that are not looked into. */
  readonly isPacked: boolean
}

function describe(
  name: DType,
  bits: number,
  fileName: string,
  makeArray: ValuesConstructor,
  arrowType: DataType,
  range: readonly [bigint, bigint] | null = null,
): DTypeDescription {
  return Object.freeze({ name, bits, fileName, makeArray, arrowType, range, isPacked: false })
}

function packed(name: PackedDType, bits: number, fileName: string): DTypeDescription {
  return Object.freeze({ ...describe(name, bits, fileName, Uint8Array, types.uint8), isPacked: true })
}

function signed(bits: bigint): readonly [bigint, bigint] {
  return [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
}

function unsigned(bits: bigint): readonly [bigint, bigint] {
  return [0n, 2n ** bits - 1n]
}

const DTYPES: readonly DTypeDescription[] = [
  describe('bool', 8, 'BOOL', Uint8Array, types.bool, [0n, 1n]),
  describe('int8', 8, 'I8', Int8Array, types.int8, signed(8n)),
  describe('int16', 16, 'I16', Int16Array, types.int16, signed(16n)),
  describe('int32', 32, 'I32', Int32Array, types.int32, signed(32n)),
  describe('int64', 64, 'I64', BigInt64Array, types.int64, signed(64n)),
  describe('uint8', 8, 'U8', Uint8Array, types.uint8, unsigned(8n)),
  describe('uint16', 16, 'U16', Uint16Array, types.uint16, unsigned(16n)),
  describe('uint32', 32, 'U32', Uint32Array, types.uint32, unsigned(32n)),
  describe('uint64', 64, 'U64', BigUint64Array, types.uint64, unsigned(64n)),
  describe('float16', 16, 'F16', Float32Array, new Float16()),
  describe('bfloat16', 16, 'BF16', Float32Array, new BrainFloatType()),
  describe('float32', 32, 'F32', Float32Array, types.float32),
  describe('float64', 64, 'F64', Float64Array, types.float64),
  packed('float4_e2m1', 4, 'F4'),
  packed('float6_e2m3', 6, 'F6_E2M3'),
  packed('float6_e3m2', 6, 'F6_E3M2'),
  packed('float8_e5m2', 8, 'F8_E5M2'),
  packed('float8_e4m3', 8, 'F8_E4M3'),
  packed('float8_e8m0', 8, 'F8_E8M0'),
  packed('float8_e4m3fnuz', 8, 'F8_E4M3FNUZ'),
  packed('float8_e5m2fnuz', 8, 'F8_E5M2FNUZ'),
  packed('complex64', 64, 'C64'),
]

const byName = new Map(DTYPES.map((dtype) => [dtype.name as string, dtype]))
const byFileName = new Map(DTYPES.map((dtype) => [dtype.fileName, dtype]))

/** Tells whether elements are 16-bit floats, which are given as the float32 of their value. */
export function isHalf(name: DType): boolean {
  return name === 'float16' || name === 'bfloat16'
}

/** Finds an element type by its name. @throws `ARGUMENT` */
export function dtypeNamed(name: string): DTypeDescription {
  const found = byName.get(name)
  if (found !== undefined) return found
  throw new SheafError(
    'ARGUMENT',
    `There is no such dtype. Use one of ${[...byName.keys()].join(', ')}: ${name}`,
  )
}

/** Finds an element type by its name in a safetensors file; `undefined` where there is none. */
export function dtypeOfFile(fileName: string): DTypeDescription | undefined {
  return byFileName.get(fileName)
}

/** Finds the element type that an array of JavaScript holds; float64 for plain numbers. */
export function dtypeOfArray(values: unknown): DType {
  const found = ARRAY_DTYPES.find(([make]) => values instanceof make)
  return found === undefined ? 'float64' : found[1]
}

const ARRAY_DTYPES: readonly (readonly [new (...args: never[]) => object, DType])[] = [
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Int8Array, 'int8'],
  [Int16Array, 'int16'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
  [Uint16Array, 'uint16'],
  [Uint32Array, 'uint32'],
  [BigUint64Array, 'uint64'],
]
