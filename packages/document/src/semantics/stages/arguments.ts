import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { isPlain } from '../../language/parser-values.ts'
import { parseSort } from '../sort.ts'
import { bsonType, isNumber } from '../value.ts'

/** Parses the argument of `$sort`, which needs a field. */
export function requireSort(argument: Value): ReturnType<typeof parseSort> {
  const fields = parseSort(argument)
  if (fields.length === 0) throw mongoError(15976, '$sort needs a field. Add one.')
  return fields
}

/** Reads the count of `$limit` or `$skip`. */
export function requireCount(name: '$limit' | '$skip', argument: Value, least: number): number {
  const code = name === '$limit' ? 2107201 : 5107200
  const count = Number(argument)
  if (!isNumber(argument) || !Number.isInteger(count) || count > 2 ** 63)
    throw mongoError(code, `${name} takes a whole number. It got a ${bsonType(argument)}.`)
  if (count < 0) throw mongoError(code, `${name} takes no negative number. It got ${argument}.`)
  if (count < least) throw mongoError(15958, `${name} takes a positive number. It got ${argument}.`)
  return Math.min(count, Number.MAX_SAFE_INTEGER)
}

/** Reads the name that `$count` gives its result. */
export function requireCountName(argument: Value): string {
  if (typeof argument !== 'string') throw mongoError(40156, '$count takes a name. Give it a text.')
  if (argument === '') throw mongoError(40157, '$count takes a name that is not empty. Give it one.')
  if (argument.startsWith('$'))
    throw mongoError(40158, `$count takes a name without '$'. Rename it: ${argument}`)
  if (argument.includes('\0')) throw mongoError(40159, '$count takes a name without null bytes. Rename it.')
  if (argument.includes('.'))
    throw mongoError(40160, `$count takes a name without dots. Rename it: ${argument}`)
  if (argument === '_id') throw mongoError(9039800, "$count cannot name its result '_id'. Rename it.")
  return argument
}

/** Checks the argument of `$sortByCount`. */
export function requireSortByCount(argument: Value): void {
  if (typeof argument === 'string') {
    if (!argument.startsWith('$'))
      throw mongoError(40148, "$sortByCount takes a path with '$' or an expression.")
  } else if (!isPlain(argument)) {
    throw mongoError(40149, "$sortByCount takes a path with '$' or an expression.")
  } else if (Object.keys(argument)[0]?.startsWith('$') !== true) {
    throw mongoError(40147, '$sortByCount takes an object that is an expression. Give it an operator.')
  }
}
