import { type DuckDBType, DuckDBTypeId } from '@duckdb/node-api'
import {
  call,
  column,
  type DataType,
  type Expression,
  elementType,
  isFloat,
  isInteger,
  isList,
  isVariant,
  type LogicalPlan,
  literal,
  type PlanField,
  project,
  typeName,
  types,
  typesEqual,
} from '@sheafdb/core'
import { Type } from 'apache-arrow'
import type { ResultColumn } from '../duckdb/session.ts'
import { arrowTypeOf, isHeld } from '../duckdb/types.ts'
import { notNative } from '../language/lower/native.ts'

/** Gives a native plan's columns the names and types that DuckDB gives them. Gives up where they mean something else. */
export function alignOutput(plan: LogicalPlan, columns: readonly ResultColumn[]): LogicalPlan {
  if (plan.output.length !== columns.length) return notNative('columns that were counted differently')
  const expressions = plan.output.map((field, index) =>
    alignType(field, (columns[index] as ResultColumn).type),
  )
  const same = plan.output.every(
    (field, index) => field.name === columns[index]?.name && expressions[index]?.kind === 'column',
  )
  if (same) return plan
  return project(
    plan,
    plan.output.map((field, index) => ({
      id: field.id,
      name: (columns[index] as ResultColumn).name,
      expression: expressions[index] as Expression,
    })),
  )
}

/** Tells whether lists or structs of two types hold the same values: integers of any width, and nothing for null. */
function isNestedAlike(from: DataType, to: DataType): boolean {
  if (isList(from) && isList(to) && from.typeId === to.typeId)
    return isAlike(elementType(from), elementType(to))
  if (from.typeId !== Type.Struct || to.typeId !== Type.Struct) return false
  return (
    from.children.length === to.children.length &&
    from.children.every((child, index) => {
      const other = to.children[index]
      return other !== undefined && other.name === child.name && isAlike(child.type, other.type)
    })
  )
}

function isAlike(from: DataType, to: DataType): boolean {
  return (
    from.typeId === Type.Null ||
    typesEqual(from, to) ||
    (isInteger(from) && isInteger(to)) ||
    isNestedAlike(from, to)
  )
}

/** An integer sum stays in 64 bits, where DuckDB's has 128: past them it fails instead of growing. */
function alignType(field: PlanField, wanted: DuckDBType): Expression {
  const own = column(field)
  // DuckDB is shown variants as text: here they keep the kind that they have.
  if (wanted.typeId === DuckDBTypeId.SQLNULL || isVariant(field.type)) return own
  if (wanted.typeId === DuckDBTypeId.HUGEINT && typesEqual(field.type, types.int64)) return own
  if (isHeld(wanted)) return notNative(`a result of type ${wanted.toString()}`)
  const type = arrowTypeOf(wanted)
  if (typesEqual(field.type, type)) return own
  if (isNestedAlike(field.type, type)) return call('sql.retype', own, literal(null, type))
  const numeric = (isInteger(field.type) && isInteger(type)) || (isFloat(field.type) && isFloat(type))
  return numeric ? call(`cast.${typeName(type)}`, own) : notNative(`a result of type ${wanted.toString()}`)
}
