import type { Expression } from '../../expression/expression.ts'
import { type Places, parameterValue } from '../../expression/interpret.ts'
import { functionNamed } from '../../expression/registry.ts'
import type { Column } from '../../types/column.ts'
import type { Value } from '../../types/value.ts'

/** Computes an expression for the columns of a batch at once; `undefined` where their layout does not allow it. */
type Kernel = (columns: readonly Column[]) => Column | undefined

/** Gives what computes an expression a batch at a time; null where its function has no such way. */
export function kernelOf(
  expression: Expression,
  setting: { readonly places: Places; readonly parameters: ReadonlyMap<string, Value> },
): Kernel | null {
  if (expression.kind !== 'call') return null
  const { kernel } = functionNamed(expression.function)
  const [first, ...rest] = expression.args
  if (kernel === undefined || first === undefined) return null
  const constants: Value[] = []
  for (const arg of rest) {
    if (arg.kind === 'literal') constants.push(arg.value)
    else if (arg.kind === 'parameter') constants.push(parameterValue(setting.parameters, arg.name))
    else return null
  }
  if (first.kind === 'column') {
    const place = setting.places.get(first.id)
    return place === undefined ? null : (columns) => kernel(columns[place] as Column, constants)
  }
  const inner = kernelOf(first, setting)
  if (inner === null) return null
  return (columns) => {
    const column = inner(columns)
    return column === undefined ? undefined : kernel(column, constants)
  }
}
