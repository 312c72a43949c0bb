import { type ErrorCode, SheafError, sourceError } from '@sheafdb/core'

/** Names MongoDB's error codes that have a name; the others are named `Location<code>`. */
const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'BadValue'],
  [9, 'FailedToParse'],
  [14, 'TypeMismatch'],
  [15, 'Overflow'],
  [20, 'IllegalOperation'],
  [26, 'NamespaceNotFound'],
  [27, 'IndexNotFound'],
  [28, 'PathNotViable'],
  [31, 'CannotUpdateDueToConflictingOperators'],
  [40, 'ConflictingUpdateOperators'],
  [48, 'NamespaceExists'],
  [51, 'InvalidBSON'],
  [52, 'DollarPrefixedFieldName'],
  [53, 'InvalidIdField'],
  [54, 'NotSingleValueField'],
  [55, 'InvalidDBRef'],
  [56, 'EmptyFieldName'],
  [57, 'DottedFieldName'],
  [66, 'ImmutableField'],
  [67, 'CannotCreateIndex'],
  [72, 'InvalidOptions'],
  [73, 'InvalidNamespace'],
  [85, 'IndexOptionsConflict'],
  [86, 'IndexKeySpecsConflict'],
  [121, 'DocumentValidationFailure'],
  [168, 'InvalidPipelineOperator'],
  [197, 'InvalidIndexSpecificationOption'],
  [224, 'QueryFeatureNotAllowed'],
  [238, 'NotImplemented'],
  [241, 'ConversionFailure'],
  [11000, 'DuplicateKey'],
])

const SHEAF_CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [9, 'SYNTAX'],
  [14, 'TYPE'],
  [15, 'OVERFLOW'],
  [26, 'NOT_FOUND'],
  [27, 'NOT_FOUND'],
  [48, 'ALREADY_EXISTS'],
  [66, 'CONSTRAINT'],
  [121, 'CONSTRAINT'],
  [168, 'SYNTAX'],
  [241, 'VALUE'],
  [11000, 'CONSTRAINT'],
])

/** Is an error of MongoDB's language. `detail` holds MongoDB's name of it, `mongoCode` its number. */
export class MongoError extends SheafError {
  readonly mongoCode: number

  constructor(mongoCode: number, message: string) {
    super(SHEAF_CODES.get(mongoCode) ?? 'ARGUMENT', message, {
      detail: CODE_NAMES.get(mongoCode) ?? `Location${mongoCode}`,
    })
    this.mongoCode = mongoCode
  }
}

/** Makes an error with MongoDB's code. */
export function mongoError(code: number, message: string): MongoError {
  return new MongoError(code, message)
}

/** Makes the error of a text that does not parse, with the place of what is wrong. */
export function syntaxError(
  message: string,
  place: { readonly text: string; readonly offset: number },
): SheafError {
  return sourceError('SYNTAX', message, place)
}
