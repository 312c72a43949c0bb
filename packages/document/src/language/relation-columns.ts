import {
  column,
  type DataType,
  type Expression,
  isFloat,
  isInteger,
  isText,
  isWideInteger,
  type LogicalPlan,
  types,
  typesEqual,
} from '@sheafdb/core'
import { Kind, newShape, type Shape } from '../layout/shape.ts'
import type { PathSource } from './lower-source.ts'

/** Gives the columns of a relation of another model as the paths of documents. */
export class RelationColumns implements PathSource {
  readonly shape: Shape
  readonly #plan: LogicalPlan

  constructor(plan: LogicalPlan) {
    this.#plan = plan
    this.shape = newShape()
    this.shape.kinds = Kind.object
    for (const { name, type, nullable } of plan.output) {
      const field = newShape()
      field.kinds = kindsOf(type) | (nullable ? Kind.null : 0)
      this.shape.fields.set(name, field)
    }
  }

  path([name, ...rest]: readonly string[], type: DataType): Expression | null {
    const field = this.#plan.output.find((each) => each.name === name)
    if (field === undefined || rest.length > 0) return null
    const isOfType = typesEqual(field.type, type) || kindsOf(field.type) === kindsOf(type)
    return isOfType || type === types.variant ? column(field) : null
  }

  scan(): LogicalPlan {
    return this.#plan
  }
}

/** Tells what documents would hold of a column; wide integers, dates and the like are left to the documents made of it. */
function kindsOf(type: DataType): number {
  if (isText(type)) return Kind.text
  if (typesEqual(type, types.bool)) return Kind.boolean
  if (isFloat(type)) return Kind.double | Kind.int
  return isInteger(type) && !isWideInteger(type) ? Kind.int : Kind.other
}
