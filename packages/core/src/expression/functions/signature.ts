import type { DataType } from 'apache-arrow'
import { isText, typeName } from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import type { Evaluate, FunctionDefinition } from '../registry.ts'

/** Tells whether a type is known only at run time, or is the type of `null`. */
export function isDynamic(type: DataType | undefined): boolean {
  const name = type === undefined ? 'variant' : typeName(type)
  return name === 'variant' || name === 'null'
}

/** Checks how many arguments a function got. @throws `ARGUMENT` */
export function requireCount(
  name: string,
  argumentTypes: readonly DataType[],
  minimum: number,
  maximum: number = minimum,
): void {
  if (argumentTypes.length >= minimum && argumentTypes.length <= maximum) return
  const wanted =
    minimum === maximum
      ? `${minimum}`
      : maximum === Number.POSITIVE_INFINITY
        ? `${minimum} or more`
        : `${minimum} to ${maximum}`
  throw new SheafError(
    'ARGUMENT',
    `The function ${name} takes ${wanted} arguments. It got ${argumentTypes.length}.`,
  )
}

/** Checks the kind of an argument; values whose type is known at run time only pass. @throws `TYPE` */
export function requireType(
  name: string,
  type: DataType | undefined,
  accepts: (type: DataType) => boolean,
  wanted: string,
): void {
  if (type === undefined || isDynamic(type) || accepts(type)) return
  throw new SheafError(
    'TYPE',
    `The function ${name} needs ${wanted}. Convert the argument first; its type is ${typeName(type)}.`,
  )
}

/** Defines a strict function of text arguments. */
export function textFunction(
  name: string,
  argumentCount: number,
  result: DataType,
  evaluate: Evaluate,
  compile?: FunctionDefinition['compile'],
): FunctionDefinition {
  return {
    name,
    nulls: 'strict',
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, argumentCount)
      requireType(name, argumentTypes[0], isText, 'text')
      return result
    },
    evaluator: () => checkedText(name, evaluate),
    ...(compile === undefined
      ? {}
      : {
          compile: (args, argumentTypes, resultType) =>
            argumentTypes.every(isText) ? compile(args, argumentTypes, resultType) : undefined,
        }),
  }
}

function checkedText(name: string, evaluate: Evaluate): Evaluate {
  return (first, ...rest) => {
    if (typeof first !== 'string')
      throw new SheafError('TYPE', `The function ${name} needs text. It got a ${typeof first}.`)
    return evaluate(first, ...rest)
  }
}
