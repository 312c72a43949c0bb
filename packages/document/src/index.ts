/**
 * Documents for Sheaf, queried in MongoDB's language: pass `document()` to `openStore`.
 */
export { Decimal128, ObjectId } from 'bson'
export { DocumentCollection } from './api/collection.ts'
export type * from './api/types.ts'
export { MongoError } from './language/errors.ts'
export { compileJsonPath, type PathEvaluator } from './language/jsonpath/evaluate.ts'
export { type DocumentApi, document } from './model.ts'
export type { Document } from './semantics/value.ts'
