import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { parseExpression } from '../language/parser-expression.ts'
import { isPlain } from '../language/parser-values.ts'
import type { SortField } from '../language/syntax.ts'
import { type KeepName, keepValues, percentilesOf, simpleAccumulator } from './accumulators.ts'
import { type CompileContext, compileExpression, type Evaluator, type Scope } from './expression.ts'
import { requireSize } from './limits.ts'
import { hasOperatorNamed } from './operators/registry.ts'
import { checkMethod, percentileParts } from './operators/statistic.ts'
import { parseSort } from './sort.ts'
import { type Document, isNumber, keyOf, setKey } from './value.ts'

/** Computes a field of a group from the scopes of its documents, in order. */
export type GroupField = (scopes: readonly Scope[]) => Value

/** Is a `$group` made ready. */
export type Grouping = {
  readonly id: Evaluator
  readonly fields: readonly (readonly [name: string, compute: GroupField])[]
}

const KEEPERS = new Set(['$firstN', '$lastN', '$minN', '$maxN', '$top', '$bottom', '$topN', '$bottomN'])

/** Compiles the argument of `$group`. */
export function compileGroup(argument: Value, context: CompileContext): Grouping {
  if (!isPlain(argument)) throw mongoError(15947, '$group takes an object. Give it an _id and fields.')
  if (!Object.hasOwn(argument, '_id'))
    throw mongoError(15955, '$group needs an _id. Give it one, null for one group.')
  const fields = Object.entries(argument)
    .filter(([name]) => name !== '_id')
    .map(([name, accumulator]) => [checkName(name), compileAccumulator(name, accumulator, context)] as const)
  if (
    isPlain(argument._id) &&
    Object.values(argument._id).some((value) => typeof value === 'boolean' || isNumber(value))
  )
    throw mongoError(17390, "The _id of $group holds expressions, no 1 or true. Write '$field' for a field.")
  return { id: compileExpression(parseExpression(argument._id), context), fields }
}

function checkName(name: string): string {
  if (name.includes('.')) throw mongoError(40235, `A field of $group must not hold a dot. Rename it: ${name}`)
  if (name.startsWith('$'))
    throw mongoError(40236, `A field of $group must not start with '$'. Rename it: ${name}`)
  return name
}

/** Compiles `{ $sum: … }` and its like. */
export function compileAccumulator(name: string, accumulator: Value, context: CompileContext): GroupField {
  if (!isPlain(accumulator))
    throw mongoError(40234, `A field of $group is an object with one accumulator. Correct: ${name}`)
  const entries = Object.entries(accumulator)
  const [first] = entries
  if (first === undefined || entries.length !== 1)
    throw mongoError(40238, `A field of $group has exactly one accumulator. Correct: ${name}`)
  const [operator, argument] = first
  if (KEEPERS.has(operator)) return compileKeeper(operator as KeepName, argument, context)
  if (operator === '$percentile' || operator === '$median')
    return compilePercentile(operator, argument, context)
  if (operator === '$count') {
    if (!isPlain(argument) || Object.keys(argument).length > 0)
      throw mongoError(14, '$count takes an empty object. Give it {}.')
    return (scopes) => scopes.length
  }
  const accumulate = simpleAccumulator(operator)
  if (accumulate === undefined) {
    throw mongoError(
      15952,
      hasOperatorNamed(operator)
        ? `This operator is no accumulator. Use one such as $sum: ${operator}`
        : `There is no accumulator of this name. Check its spelling: ${operator}`,
    )
  }
  if (Array.isArray(argument) && argument.length !== 1)
    throw mongoError(40237, `${operator} takes one expression here. Give it no array.`)
  if (Array.isArray(argument))
    throw mongoError(40237, `${operator} takes one expression here. Give it no array.`)
  const evaluate = compileExpression(parseExpression(argument), context)
  return (scopes) => accumulate(scopes.map(evaluate))
}

function compileKeeper(operator: KeepName, argument: Value, context: CompileContext): GroupField {
  if (!isPlain(argument)) throw mongoError(5787801, `${operator} takes an object. Give it its parts.`)
  const sorts = operator.startsWith('$top') || operator.startsWith('$bottom')
  const counts = operator.endsWith('N')
  const outputKey = sorts ? 'output' : 'input'
  const allowed = [outputKey, ...(counts ? ['n'] : []), ...(sorts ? ['sortBy'] : [])]
  for (const key of Object.keys(argument)) {
    if (!allowed.includes(key))
      throw mongoError(sorts ? 5788002 : 5787901, `${operator} has no such part: ${key}`)
  }
  for (const key of allowed) {
    if (!Object.hasOwn(argument, key))
      throw mongoError(
        sorts
          ? key === 'n'
            ? 5788003
            : key === 'output'
              ? 5788004
              : 5788005
          : key === 'n'
            ? 5787906
            : 5787907,
        `${operator} misses a part. Add it: ${key}`,
      )
  }
  if (sorts && !isPlain(argument.sortBy))
    throw mongoError(5788604, `${operator} takes a sortBy that is an object.`)
  const output = compileExpression(parseExpression(argument[outputKey]), context)
  const count = compileExpression(parseExpression(argument.n ?? null), context)
  const sortBy: readonly SortField[] = sorts ? parseSort(argument.sortBy) : []
  const order = (scopes: readonly Scope[]): Value => {
    const first = scopes[0]
    const rows = scopes.map((scope) => ({ output: output(scope), document: scope.root }))
    return keepValues(operator, rows, { count: counts ? count(first as Scope) : 1, sortBy })
  }
  return order
}

function compilePercentile(operator: string, argument: Value, context: CompileContext): GroupField {
  if (!isPlain(argument)) throw mongoError(7436100, `${operator} takes an object. Give it its parts.`)
  for (const key of ['input', 'method', ...(operator === '$percentile' ? ['p'] : [])]) {
    if (!Object.hasOwn(argument, key)) throw mongoError(40414, `${operator} misses a part. Add it: ${key}`)
  }
  for (const key of Object.keys(argument)) {
    if (!['input', 'method', ...(operator === '$percentile' ? ['p'] : [])].includes(key))
      throw mongoError(40415, `${operator} has no such part. Check its spelling: ${key}`)
  }
  checkMethod(argument.method)
  const input = compileExpression(parseExpression(argument.input), context)
  const constant = operator === '$percentile' ? compileExpression(parseExpression(argument.p), context) : null
  return (scopes) => {
    const values = scopes.map(input)
    if (constant === null) return percentilesOf(values, [0.5])[0]
    return percentilesOf(values, percentileParts(constant(scopes[0] as Scope)))
  }
}

/** Groups documents; groups stand in order of their first document. */
export function groupDocuments(scopes: readonly Scope[], grouping: Grouping): Document[] {
  const groups = new Map<Value, { readonly id: Value; readonly scopes: Scope[] }>()
  for (const scope of scopes) {
    const id = grouping.id(scope) ?? null
    const key = keyOf(id)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { id, scopes: [scope] })
    else group.scopes.push(scope)
  }
  return Array.from(groups.values(), (group) => {
    const document: Document = { _id: group.id }
    for (const [name, compute] of grouping.fields) {
      const value = compute(group.scopes)
      if (value !== undefined) setKey(document, name, value)
    }
    return requireSize(document)
  })
}
