import {
  type DataType,
  defineMember,
  isWideInteger,
  type LogicalPlan,
  type QueryOptions,
  type Value,
} from '@sheafdb/core'
import { type Decimal, Type } from 'apache-arrow'

type Lower = () => LogicalPlan | Promise<LogicalPlan>

/** Makes what a query needs to show 64-bit integers as `bigint` in its rows, whatever their size. */
export function bigintRows<Row>(
  lower: Lower,
  parameters: ReadonlyMap<string, Value>,
): [Lower, QueryOptions<Row>] {
  let fields: LogicalPlan['output'] = []
  const keep = (plan: LogicalPlan): LogicalPlan => {
    fields = plan.output
    return plan
  }
  const planned = () => {
    const plan = lower()
    return plan instanceof Promise ? plan.then(keep) : keep(plan)
  }
  const decode = (values: readonly Value[]): Row => {
    const row: Record<string, Value> = {}
    values.forEach((value, at) => {
      const field = fields[at]
      if (field !== undefined) defineMember(row, field.name, isWide(field.type) ? widened(value) : value)
    })
    return row as Row
  }
  return [planned, { parameters, decode }]
}

function isWide(type: DataType): boolean {
  return isWideInteger(type) || (type.typeId === Type.Decimal && (type as Decimal).scale === 0)
}

function widened(value: Value): Value {
  return typeof value === 'number' ? BigInt(value) : value
}
