/**
 * Is the tensor model of Sheaf: tensors by id in Arrow columns, exact nearest neighbours, files of tensors.
 */

export { type Neighbor, TensorCollection } from './api/collection.ts'
export type { Evaluated, EvaluateInput, EvaluateInputs, EvaluateOptions } from './api/evaluate.ts'
export type { NpyImport, SafetensorsExport } from './api/exchanged-tensors.ts'
export type { ImportMode } from './api/files.ts'
export type { FusedRow, FusionOptions, Ranking } from './api/fuse.ts'
export type { NearestOptions, QueryVector } from './api/nearest.ts'
export type { TensorId } from './api/rows.ts'
export type { OpenTensorCollection, TensorApi } from './api/store.ts'
export type { Tensor, TensorEntry, TensorSlice } from './api/stored-tensors.ts'
export type { VectorIndexOptions } from './api/vector-index.ts'
export type { Where } from './api/where.ts'
export type { DLPackCapsule, DLPackTensor } from './formats/dlpack-tensor.ts'
export type { OnnxTensor } from './formats/onnx.ts'
export type { Attributes } from './layout/attributes.ts'
export type { DType, PackedDType, TensorValues } from './layout/dtype.ts'
export type { TensorOptions } from './layout/table.ts'
export type { NestedInput, TensorInput } from './layout/values.ts'
export { type TensorModel, tensor } from './model.ts'
