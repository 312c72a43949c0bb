import { mongoError } from './errors.ts'
import { isPlain } from './parser-values.ts'
import type { ExpressionSyntax, Value } from './syntax.ts'

const MAX_DEPTH = 200

/** Parses an expression of the aggregation language. @throws MongoDB's error of what is wrong */
export function parseExpression(value: Value, depth: number = 0): ExpressionSyntax {
  if (depth > MAX_DEPTH) {
    throw mongoError(15, `An expression is nested too deep. Use fewer levels than ${MAX_DEPTH}.`)
  }
  if (typeof value === 'string') return parseText(value)
  if (Array.isArray(value))
    return { kind: 'array', items: value.map((item: Value) => parseExpression(item, depth + 1)) }
  if (isPlain(value)) return parseObject(value, depth)
  return { kind: 'literal', value: value === undefined ? null : value }
}

function parseText(text: string): ExpressionSyntax {
  if (text.startsWith('$$')) return parseVariable(text.slice(2))
  if (!text.startsWith('$')) return { kind: 'literal', value: text }
  return { kind: 'field', path: parsePath(text.slice(1)) }
}

const LONGEST_PATH = 200

/** Parses a field path of an expression, without its `$`. */
export function parsePath(text: string): readonly string[] {
  if (text === '')
    throw mongoError(16872, "A field path needs a name after its '$'. Add one, or use $literal.")
  if (text.endsWith('.')) throw mongoError(40353, `A field path must not end with a dot. Remove it: ${text}`)
  const path = text.split('.')
  if (path.length > LONGEST_PATH)
    throw mongoError(15, `A field path has too many steps. Use at most ${LONGEST_PATH}.`)
  for (const part of path) {
    if (part === '') throw mongoError(15998, `A field path has an empty name in it. Name each step: ${text}`)
    if (part.startsWith('$'))
      throw mongoError(16410, `A name in a field path must not start with '$'. Use $getField: ${text}`)
    if (part.includes('\0')) throw mongoError(16411, 'A field path must not hold a null byte. Remove it.')
  }
  return path
}

const VARIABLE_NAME = /^[a-z\u0080-\uffff][\w\u0080-\uffff]*$/
const SYSTEM_VARIABLES = new Set([
  'ROOT',
  'CURRENT',
  'REMOVE',
  'DESCEND',
  'PRUNE',
  'KEEP',
  'NOW',
  'CLUSTER_TIME',
  'SEARCH_META',
  'USER_ROLES',
])

function parseVariable(text: string): ExpressionSyntax {
  if (text === '') throw mongoError(9, "A variable needs a name after its '$$'. Add one.")
  const [name, ...rest] = text.split('.') as [string, ...string[]]
  if (!SYSTEM_VARIABLES.has(name)) checkVariableName(name)
  return { kind: 'variable', name, path: rest.length === 0 ? [] : parsePath(rest.join('.')) }
}

/** Checks a name that a user gives a variable. */
export function checkVariableName(name: string): void {
  if (name === '') throw mongoError(9, 'A variable must have a name. Give it one.')
  if (VARIABLE_NAME.test(name)) return
  const code = 9
  throw mongoError(
    code,
    `A variable's name starts with a lower case letter and has letters, digits and underscores. Rename it: ${name}`,
  )
}

function parseObject(object: Readonly<Record<string, Value>>, depth: number): ExpressionSyntax {
  const entries = Object.entries(object)
  const [first] = entries
  if (first?.[0].startsWith('$')) {
    if (entries.length > 1) {
      throw mongoError(
        15983,
        `An object that is an expression has one operator only. Split it: ${entries.map(([key]) => key).join(', ')}`,
      )
    }
    const [name, argument] = first
    if (name === '$literal' || name === '$const') return { kind: 'literal', value: argument ?? null }
    if (name === '$sortArray' && isPlain(argument)) return parseSortArray(argument, depth)
    return { kind: 'operator', name, argument: parseArgument(argument, depth + 1) }
  }
  return {
    kind: 'object',
    entries: entries.map(([key, value]) => [checkKey(key), parseExpression(value, depth + 1)] as const),
  }
}

/** Parses `$sortArray`, whose `sortBy` is a constant that may hold dotted paths. */
function parseSortArray(argument: Readonly<Record<string, Value>>, depth: number): ExpressionSyntax {
  const entries = Object.entries(argument).map(([key, value]): readonly [string, ExpressionSyntax] => [
    key,
    key === 'sortBy' ? { kind: 'literal', value } : parseExpression(value, depth + 1),
  ])
  return { kind: 'operator', name: '$sortArray', argument: { kind: 'object', entries } }
}

/** Parses an operator's argument; a plain object there names the operator's own parts. */
function parseArgument(argument: Value, depth: number): ExpressionSyntax {
  return parseExpression(argument, depth)
}

function checkKey(key: string): string {
  if (key === '') throw mongoError(40352, 'A field must have a name. Give it one.')
  if (key.startsWith('$'))
    throw mongoError(16410, `A name of a field must not start with '$'. Use $setField: ${key}`)
  if (key.includes('.'))
    throw mongoError(16412, `A name of a field must not hold a dot. Nest objects: ${key}`)
  return key
}
