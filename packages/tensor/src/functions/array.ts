import {
  type DataType,
  type FunctionDefinition,
  makeField,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { evaluateExpression } from '../compute/evaluate.ts'
import { type NdArray, sliceArray } from '../compute/nd-array.ts'
import { reductions } from '../compute/reduce.ts'
import { parseSlice } from '../language/parser-slice.ts'
import { checkShape, elementCount } from '../layout/values.ts'
import { numbersOf } from './vector.ts'

/** Is a list of doubles: what functions give that give vectors. */
export const doubles: DataType = new List(makeField('item', types.float64))

type Doubles = NdArray<Float64Array>
type Read = (value: unknown) => Doubles

/** Makes the reader of an argument: a list is a vector, a number has no axes. */
function arrayReader(type: DataType | undefined, name: string): Read {
  const read = numbersOf(type, name)
  return (value) => {
    if (typeof value === 'number' || typeof value === 'bigint')
      return { values: Float64Array.of(Number(value)), shape: [] }
    const values = Float64Array.from(read(value))
    return { values, shape: [values.length] }
  }
}

function ofVector(name: string, type: DataType, compute: (vector: Doubles) => Value): FunctionDefinition {
  return {
    name: `shared.${name}`,
    nulls: 'strict',
    type: () => type,
    evaluator: ([first]) => {
      const read = arrayReader(first, name)
      return (value) => compute(read(value))
    },
  }
}

function ofTwo(name: string, expression: string): FunctionDefinition {
  return {
    name: `shared.${name}`,
    nulls: 'strict',
    type: () => doubles,
    evaluator: ([first, second]) => {
      const [readLeft, readRight] = [arrayReader(first, name), arrayReader(second, name)]
      return (left, right) => {
        const [a, b] = [readLeft(left), readRight(right)]
        return Array.from(evaluateExpression(expression, (each) => (each === 'a' ? a : b)).values)
      }
    },
  }
}

/** Reduces a vector to a number; of a vector without elements what has no meaning is null. */
function reduced(name: string, reduction: string): FunctionDefinition {
  const reduce = reductions.get(reduction)
  return ofVector(name, types.float64, ({ values }) =>
    reduce === undefined || (values.length === 0 && !['sum', 'norm', 'prod'].includes(reduction))
      ? null
      : reduce(values, 0, values.length),
  )
}

/** Takes a part in NumPy's notation, of a vector or of one whose shape is given: `tensor_slice(values, '0:3, 1', [4, 2])`. */
const slice: FunctionDefinition = {
  name: 'shared.tensor_slice',
  nulls: 'strict',
  type: () => doubles,
  evaluator: ([first, _, third]) => {
    const [read, readShape] = [numbersOf(first, 'tensor_slice'), numbersOf(third, 'tensor_slice')]
    return (vector, text, given) => {
      if (typeof text !== 'string')
        throw new SheafError('TYPE', "tensor_slice takes a list of numbers and a slice as text: '0:3'")
      const values = Float64Array.from(read(vector))
      const shape = given === undefined ? [values.length] : checkShape(Array.from(readShape(given)))
      if (elementCount(shape) !== values.length)
        throw new SheafError(
          'ARGUMENT',
          `The shape [${shape.join(', ')}] is not that of ${values.length} elements.`,
        )
      return Array.from(sliceArray({ values, shape }, parseSlice(text)).values)
    }
  },
}

/** Computes an expression over its arguments, `x0`, `x1`, …: `tensor_evaluate('softmax(x0) * 2', values)`. */
const evaluate: FunctionDefinition = {
  name: 'shared.tensor_evaluate',
  nulls: 'strict',
  type: () => doubles,
  evaluator: ([_, ...rest]) => {
    const readers = rest.map((type) => arrayReader(type, 'tensor_evaluate'))
    return (text, ...args) => {
      if (typeof text !== 'string')
        throw new SheafError('TYPE', "tensor_evaluate takes an expression as text: 'x0 + x1'")
      const arrays = new Map(args.map((each, at) => [`x${at}`, (readers[at] as Read)(each)]))
      return Array.from(evaluateExpression(text, (name) => arrays.get(name)).values)
    }
  },
}

const topK: FunctionDefinition = {
  name: 'shared.tensor_topk',
  nulls: 'strict',
  type: () => doubles,
  evaluator: ([first]) => {
    const read = arrayReader(first, 'tensor_topk')
    return (vector, count) => {
      const array = read(vector)
      return Array.from(evaluateExpression(`topk(a, ${Number(count)})`, () => array).values)
    }
  },
}

/** Holds the functions over one or two vectors that all languages have. */
export const arrayFunctions: readonly FunctionDefinition[] = [
  slice,
  evaluate,
  topK,
  ...(['sum', 'mean', 'prod', 'min', 'max', 'argmin', 'argmax', 'var', 'std', 'norm'] as const).map((name) =>
    reduced(`tensor_${name}`, name),
  ),
  ofVector('tensor_softmax', doubles, (a) => Array.from(evaluateExpression('softmax(a)', () => a).values)),
  ofVector('tensor_normalize', doubles, (a) => {
    const norm = Math.sqrt(a.values.reduce((sum, value) => sum + value * value, 0))
    return Array.from(a.values, (value) => (norm === 0 ? 0 : value / norm))
  }),
  ofTwo('tensor_add', 'a + b'),
  ofTwo('tensor_subtract', 'a - b'),
  ofTwo('tensor_multiply', 'a * b'),
  ofTwo('tensor_divide', 'a / b'),
]
