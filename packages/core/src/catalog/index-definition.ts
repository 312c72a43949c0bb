import type { DataType, Field } from 'apache-arrow'
import { call, column, literal } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { SheafError } from '../types/errors.ts'

/**
 * Is an expression over the fields of a table as the catalog keeps it: plain JSON, fields by name, and deterministic
 * functions of the registry.
 */
export type IndexExpression =
  | { readonly field: string }
  | { readonly value: string | number | boolean | null }
  | { readonly call: string; readonly args: readonly IndexExpression[] }

/** Is one part of an index's key. */
export type IndexPart = {
  readonly expression: IndexExpression
  /** True where the expression gives a list, each element of which is a key of the row (none for an empty one). */
  readonly multiple?: boolean
}

/**
 * Describes an index: the rows of a table sorted by the values of expressions. `unique` refuses a second row with the
 * same key: `nulls-distinct` lets keys with a null in them repeat, as SQL does, `nulls-equal` does not.
 */
export type IndexDefinition = {
  readonly name: string
  readonly parts: readonly IndexPart[]
  readonly unique: 'nulls-distinct' | 'nulls-equal' | null
  /** Rows for which this is not true are not in the index; `null` takes all rows. */
  readonly where: IndexExpression | null
  /** What the model keeps about the index: plain JSON. */
  readonly options: Readonly<Record<string, unknown>>
}

/** Is an index to be made; what is left out is null, or empty. */
export type IndexSpecification = Pick<IndexDefinition, 'name' | 'parts'> &
  Partial<Pick<IndexDefinition, 'unique' | 'where' | 'options'>>

/** Completes a specification. */
export function indexOf(specification: IndexSpecification): IndexDefinition {
  const { name, parts, unique = null, where = null, options = {} } = specification
  return { name, parts, unique, where, options }
}

/** Identifies what an index holds: two indexes of one table with the same identity hold the same entries. */
export function indexIdentity(index: IndexDefinition): string {
  return JSON.stringify([index.parts, index.where])
}

/** Lists the fields that an index reads. */
export function indexFields({ parts, where }: IndexDefinition): Set<string> {
  const names = new Set<string>()
  const visit = (expression: IndexExpression): void => {
    if ('field' in expression) names.add(expression.field)
    if ('call' in expression) expression.args.forEach(visit)
  }
  for (const part of parts) visit(part.expression)
  if (where !== null) visit(where)
  return names
}

/** Gives an index after a field was renamed. */
export function renameIndexField(index: IndexDefinition, from: string, to: string): IndexDefinition {
  const rename = (expression: IndexExpression): IndexExpression => {
    if ('field' in expression) return expression.field === from ? { field: to } : expression
    return 'call' in expression ? { ...expression, args: expression.args.map(rename) } : expression
  }
  return {
    ...index,
    parts: index.parts.map((part) => ({ ...part, expression: rename(part.expression) })),
    where: index.where === null ? null : rename(index.where),
  }
}

/** Finds the type of a field by its name. */
export type FieldResolver = (name: string) => { readonly id: number; readonly type: DataType }

/** Makes the typed expression of one that the catalog keeps. @throws `NOT_FOUND`, `TYPE` */
export function bindIndexExpression(expression: IndexExpression, resolve: FieldResolver): Expression {
  if ('field' in expression) {
    const { id, type } = resolve(expression.field)
    return column({ id, name: expression.field, type, nullable: true })
  }
  if ('value' in expression) return literal(expression.value)
  return call(expression.call, ...expression.args.map((arg) => bindIndexExpression(arg, resolve)))
}

/** Makes the resolver of a table's fields: ids are the places in the list. @throws `NOT_FOUND` */
export function fieldResolver(fields: readonly Field[], onUse?: (place: number) => void): FieldResolver {
  return (name) => {
    const id = fields.findIndex((field) => field.name === name)
    const field = fields[id]
    if (field === undefined)
      throw new SheafError(
        'NOT_FOUND',
        `An index must name fields of its table. There is no field "${name}".`,
      )
    onUse?.(id)
    return { id, type: field.type }
  }
}
