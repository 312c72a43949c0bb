import { call, column, lambda, literal, variable } from '../../src/expression/build.ts'
import type { Expression } from '../../src/expression/expression.ts'
import { castTarget } from '../../src/expression/functions/cast.ts'
import type { PlanField } from '../../src/plan/logical-plan.ts'
import {
  type DataType,
  elementType,
  isFloat,
  isList,
  isNumeric,
  isText,
  isWideInteger,
  typeName,
  types,
  typesEqual,
} from '../../src/types/data-type.ts'
import { columnKinds, type Draw, oneIn, pick, upTo } from './random-table.ts'

/** Says what expressions may be drawn over. */
export type Setting = {
  readonly draw: Draw
  readonly fields: readonly PlanField[]
}

type Sort = 'truth' | 'number' | 'text' | 'list' | 'other'

function sortOf(type: DataType): Sort {
  if (typeName(type) === 'bool') return 'truth'
  if (isNumeric(type)) return 'number'
  if (isText(type)) return 'text'
  return isList(type) ? 'list' : 'other'
}

/** Draws an expression of any type that cannot fail on any row. */
export function drawExpression(setting: Setting, depth: number): Expression {
  const { draw, fields } = setting
  if (fields.length > 0 && oneIn(draw, 2)) return column(pick(draw, fields))
  return pick(draw, [drawTruth, drawNumber, drawText])(setting, depth)
}

function columnOf(setting: Setting, accepts: (type: DataType) => boolean): Expression | undefined {
  const fitting = setting.fields.filter((field) => accepts(field.type))
  return fitting.length === 0 ? undefined : column(pick(setting.draw, fitting))
}

/** Draws a condition. */
export function drawTruth(setting: Setting, depth: number): Expression {
  const { draw } = setting
  if (depth <= 0) return columnOf(setting, (type) => sortOf(type) === 'truth') ?? drawComparison(setting, 0)
  switch (upTo(draw, 9)) {
    case 0:
      return call('and', drawTruth(setting, depth - 1), drawTruth(setting, depth - 1))
    case 1:
      return call('or', drawTruth(setting, depth - 1), drawTruth(setting, depth - 1))
    case 2:
      return call('not', drawTruth(setting, depth - 1))
    case 3:
      return call(pick(draw, ['is_null', 'is_not_null']), drawExpression(setting, depth - 1))
    case 4:
      return drawMembership(setting)
    case 5:
      return drawTextTest(setting, depth)
    case 6:
      return call('xor', drawTruth(setting, depth - 1), drawTruth(setting, depth - 1))
    case 7:
      return call(
        'is_not_distinct_from',
        drawExpression(setting, depth - 1),
        drawExpression(setting, depth - 1),
      )
    default:
      return drawComparison(setting, depth)
  }
}

const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']

function drawComparison(setting: Setting, depth: number): Expression {
  const { draw, fields } = setting
  const name = pick(draw, COMPARISONS)
  if (fields.length > 0 && oneIn(draw, 2)) {
    const field = pick(draw, fields)
    const likes = fields.filter((other) => typesEqual(other.type, field.type))
    const other = oneIn(draw, 2) ? column(pick(draw, likes)) : drawLiteral(draw, field.type)
    return oneIn(draw, 4) ? call(name, other, column(field)) : call(name, column(field), other)
  }
  const operand = pick(draw, [drawNumber, drawText])
  return call(name, operand(setting, depth - 1), operand(setting, depth - 1))
}

/** Draws a constant of a type. */
export function drawLiteral(draw: Draw, type: DataType): Expression {
  const kind = columnKinds.find((candidate) => typesEqual(candidate.type, type))
  if (kind === undefined || oneIn(draw, 10)) return literal(null, type)
  return literal(pick(draw, kind.values), type)
}

function drawMembership(setting: Setting): Expression {
  const { draw, fields } = setting
  if (fields.length === 0) return literal(true)
  const field = pick(draw, fields)
  const kind = columnKinds.find((candidate) => typesEqual(candidate.type, field.type))
  const members = Array.from({ length: upTo(draw, 3) }, () =>
    oneIn(draw, 8) || kind === undefined ? null : pick(draw, kind.values),
  )
  return call('in', column(field), literal(members, types.variant))
}

function drawTextTest(setting: Setting, depth: number): Expression {
  const { draw } = setting
  const name = pick(draw, ['like', 'ilike', 'starts_with', 'ends_with', 'contains'])
  const pattern = literal(pick(draw, ['', 'a', '%', 'a%', '%b', '_', 'a\\%', '%_b%', '😀']))
  return call(name, drawText(setting, depth - 1), pattern)
}

/** Draws a number that cannot overflow: 64-bit integers are computed with as floats. */
export function drawNumber(setting: Setting, depth: number): Expression {
  const { draw } = setting
  if (depth <= 0 || oneIn(draw, 3))
    return columnOf(setting, isNumeric) ?? literal(pick(draw, [0, 1, 2, -3, 0.5, 2n ** 60n]))
  const operand = () => asSafe(drawNumber(setting, depth - 1))
  switch (upTo(draw, 8)) {
    case 0:
      return call(pick(draw, ['add', 'subtract', 'multiply']), operand(), operand())
    case 1:
      return call('divide', operand(), operand())
    case 2:
      return call(pick(draw, ['abs', 'negate', 'floor', 'ceil', 'truncate', 'sign']), operand())
    case 3:
      return call('length', drawText(setting, depth - 1))
    case 4:
      return drawChoice(setting, drawNumber, depth)
    case 5:
      return call('modulo', call('cast.float64', operand()), operand())
    case 6:
      return call('round', operand(), literal(pick(draw, [0, 1])))
    case 7:
      return drawListNumber(setting) ?? operand()
    default:
      return call('cast.float64', drawNumber(setting, depth - 1))
  }
}

function asSafe(expression: Expression): Expression {
  const mayOverflow = isWideInteger(expression.type) || typeName(expression.type) === 'uint32'
  return mayOverflow ? call('cast.float64', expression) : expression
}

function drawListNumber(setting: Setting): Expression | undefined {
  const { draw } = setting
  const list = columnOf(setting, (type) => isList(type) && isNumeric(elementType(type)))
  if (list === undefined) return undefined
  if (oneIn(draw, 2)) return call('list.get', list, literal(pick(draw, [0, 1, -1, 5])))
  const item = variable('item', elementType(list.type))
  const body = call('gt', item, literal(1))
  return call('length', call('list.filter', list, lambda([item], body)))
}

function drawChoice(
  setting: Setting,
  drawBranch: (setting: Setting, depth: number) => Expression,
  depth: number,
): Expression {
  const branches = () => drawBranch(setting, depth - 1)
  if (oneIn(setting.draw, 2)) return call('coalesce', branches(), branches())
  return call('case', drawTruth(setting, depth - 1), branches(), branches())
}

/** Draws a text. */
export function drawText(setting: Setting, depth: number): Expression {
  const { draw } = setting
  if (depth <= 0 || oneIn(draw, 3))
    return columnOf(setting, isText) ?? literal(pick(draw, ['', 'a', 'Ab', '😀é']))
  const operand = () => drawText(setting, depth - 1)
  switch (upTo(draw, 6)) {
    case 0:
      return call('concat', operand(), operand())
    case 1:
      return call(pick(draw, ['lower', 'upper', 'trim', 'reverse']), operand())
    case 2:
      return call('substring', operand(), literal(pick(draw, [1, 2, 0])), literal(pick(draw, [0, 1, 5])))
    case 3:
      return call('replace', operand(), literal('a'), literal('$&'))
    case 4:
      return drawChoice(setting, drawText, depth)
    case 5:
      return call(
        'cast.utf8',
        oneIn(draw, 2) ? withoutSign(drawNumber(setting, depth - 1)) : drawTruth(setting, depth - 1),
      )
    default:
      return operand()
  }
}

/** Makes 0 of -0: which of the two stands for a group of equal values is not defined, but their texts differ. */
function withoutSign(number: Expression): Expression {
  return isFloat(number.type) ? call('add', number, literal(0)) : number
}

/** Draws an expression that fails on some rows: by overflow, by a division by zero or by a value that cannot be cast. */
export function drawFallible(setting: Setting): Expression {
  const { draw } = setting
  const wide =
    columnOf(setting, (type) => isNumeric(type) && castTarget(type) !== undefined) ?? literal(2n ** 62n)
  const integer = columnOf(setting, isWideInteger) ?? literal(3)
  switch (upTo(draw, 4)) {
    case 0:
      return call(pick(draw, ['add', 'subtract', 'multiply']), integer, integer)
    case 1:
      return call(pick(draw, ['modulo', 'divide_integer']), integer, integer)
    case 2:
      return call(pick(draw, ['cast.int8', 'cast.uint16', 'cast.int64']), wide)
    case 3:
      return call(pick(draw, ['cast.int32', 'cast.float64', 'cast.bool']), drawText(setting, 1))
    default:
      return call(pick(draw, ['try_cast.int64', 'try_cast.float32']), drawText(setting, 1))
  }
}
