/**
 * Holds variants: values whose type is known only at run time, as documents and graph properties have them.
 *
 * - `encodeVariant` and `decodeVariant`: one value to and from Parquet's variant encoding.
 * - `shredVariants`: a run of values (a segment, a batch of the log) to one struct column `metadata`, `value`,
 *   `typed_value`; with `maximumPaths: 0` nothing is typed, which is the quickest to write.
 * - `shreddedReader` and `unshredVariants`: values back from such a column, also one that another writer made.
 * - `readShreddedPath`: the values under one path of such a column, typed where they can be.
 * - `registerVariantExtension`: makes a kind of values storable that has no Parquet type.
 */
export { decodeVariant } from './decode.ts'
export { type EncodedVariant, encodeVariant } from './encode.ts'
export { registerVariantExtension, type VariantExtension } from './extension.ts'
export { type InferOptions, inferLayout, type ShredLayout, type TypedKind } from './infer.ts'
export { MAX_VARIANT_BYTES, MAX_VARIANT_DEPTH } from './limits.ts'
export { type PathReader, type PathRequest, readShreddedPath } from './path.ts'
export { shredVariants } from './shred.ts'
export { isShreddedVariant, shreddedReader, unshredVariants, type VariantReader } from './unshred.ts'
