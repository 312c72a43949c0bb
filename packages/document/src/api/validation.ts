import { SheafError } from '@sheafdb/core'
import { Ajv, type ValidateFunction } from 'ajv'
import { mongoError } from '../language/errors.ts'
import type { CollectionOptions } from '../layout/table.ts'
import type { Document } from '../semantics/value.ts'

const validators = new WeakMap<object, ValidateFunction>()

/** Compiles a JSON Schema. @throws `ARGUMENT` for a schema that is none */
export function compileValidator(schema: Readonly<Record<string, unknown>>): ValidateFunction {
  let validate = validators.get(schema)
  if (validate === undefined) {
    try {
      validate = new Ajv({ strict: false, allErrors: true, ownProperties: true, logger: false }).compile(
        schema,
      )
    } catch (cause) {
      throw new SheafError(
        'ARGUMENT',
        `A schema is no valid JSON Schema. Correct it: ${(cause as Error).message}`,
        { cause },
      )
    }
    validators.set(schema, validate)
  }
  return validate
}

/** Checks documents against a collection's schema. @throws DocumentValidationFailure naming the path */
export function validateDocuments(options: CollectionOptions, documents: readonly Document[]): void {
  if (options.schema === undefined) return
  const validate = compileValidator(options.schema)
  for (const document of documents) {
    if (validate(document)) continue
    const problems = (validate.errors ?? [])
      .map(({ instancePath, message }) => `${instancePath === '' ? '/' : instancePath} ${message}`)
      .join('; ')
    const message = `A document does not follow the collection's schema. Correct it: ${problems}`
    if (options.validation === 'warn') process.emitWarning(message, 'SheafValidationWarning')
    else throw mongoError(121, message)
  }
}
