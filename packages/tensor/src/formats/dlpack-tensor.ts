/**
 * Is a tensor as DLPack describes one, as a JavaScript object: the fields of `DLTensor`, `data` being the bytes
 * themselves. With the package `koffi` there, what `toDLPack` gives also has an `address`.
 *
 * @see https://dmlc.github.io/dlpack/latest/c_api.html
 */
export type DLPackTensor = {
  /** Little-endian elements. */
  readonly data: Uint8Array
  /** The CPU, the only device. */
  readonly device: { readonly deviceType: 1; readonly deviceId: 0 }
  readonly dtype: { readonly code: number; readonly bits: number; readonly lanes: 1 }
  readonly shape: readonly number[]
  /** Elements from one place of an axis to the next; without them, in the order of rows. */
  readonly strides: readonly number[] | null
  readonly byteOffset: number
}

/** Is a described tensor that native code can take. */
export type DLPackCapsule = DLPackTensor & {
  /**
   * The address of a `DLManagedTensorVersioned` over the same bytes, for reading, made when it is first asked for; `null`
   * without koffi. Whoever takes it calls its deleter: until then the bytes stay.
   */
  readonly address: bigint | null
}
