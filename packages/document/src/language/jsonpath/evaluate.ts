/** Evaluates JSONPath (RFC 9535) on values of documents. */
import { compareValues, type Value } from '@sheafdb/core'
import { getKey, isDocument, isNumber } from '../../semantics/value.ts'
import { compilePattern } from '../pattern.ts'
import { parseJsonPath } from './parser.ts'
import type {
  CallSyntax,
  ComparableSyntax,
  LogicalSyntax,
  PathComparison,
  PathQuery,
  Selector,
} from './syntax.ts'

/** Gives the values of the nodes that a query leads to, in the order of the standard. */
export type PathEvaluator = (root: Value) => Value[]

const MOST_KEPT = 200
const compiled = new Map<string, PathEvaluator>()

/**
 * Compiles a JSONPath query.
 *
 * @example compileJsonPath('$.tags[?@ != "x"]')({ tags: ['x', 'y'] })   // ['y']
 * @throws `SYNTAX` with the place of what is wrong
 */
export function compileJsonPath(text: string): PathEvaluator {
  let evaluate = compiled.get(text)
  if (evaluate === undefined) {
    const query = parseJsonPath(text)
    evaluate = (root) => nodesOf(query, { root, current: root })
    if (compiled.size >= MOST_KEPT) compiled.clear()
    compiled.set(text, evaluate)
  }
  return evaluate
}

type Place = { readonly root: Value; readonly current: Value }

function nodesOf({ from, segments }: PathQuery, place: Place): Value[] {
  let nodes: Value[] = [from === 'root' ? place.root : place.current]
  for (const { descends, selectors } of segments) {
    const next: Value[] = []
    const select = (node: Value): void => {
      for (const selector of selectors) selectChildren(selector, node, place.root, next)
    }
    for (const node of nodes) {
      if (descends) visitDescendants(node, select)
      else select(node)
    }
    nodes = next
  }
  return nodes
}

/** Visits a node and all below it, each before its children. */
function visitDescendants(node: Value, visit: (node: Value) => void): void {
  visit(node)
  for (const child of childrenOf(node)) visitDescendants(child, visit)
}

function childrenOf(node: Value): readonly Value[] {
  if (Array.isArray(node)) return node
  return isDocument(node) ? Object.values(node) : []
}

function selectChildren(selector: Selector, node: Value, root: Value, into: Value[]): void {
  switch (selector.kind) {
    case 'name':
      if (isDocument(node) && Object.hasOwn(node, selector.name)) into.push(getKey(node, selector.name))
      break
    case 'wildcard':
      for (const child of childrenOf(node)) into.push(child)
      break
    case 'index':
      if (Array.isArray(node)) selectIndex(selector.index, node, into)
      break
    case 'slice':
      if (Array.isArray(node)) selectSlice(selector, node, into)
      break
    case 'filter':
      for (const child of childrenOf(node))
        if (holds(selector.condition, { root, current: child })) into.push(child)
      break
  }
}

function selectIndex(index: number, node: readonly Value[], into: Value[]): void {
  const at = index < 0 ? node.length + index : index
  if (at >= 0 && at < node.length) into.push(node[at])
}

function selectSlice(
  { start, end, step }: Selector & { readonly kind: 'slice' },
  node: readonly Value[],
  into: Value[],
): void {
  const { length } = node
  const normal = (bound: number): number => (bound >= 0 ? bound : length + bound)
  const clamp = (bound: number, low: number, high: number): number => Math.min(Math.max(bound, low), high)
  if (step > 0) {
    const lower = clamp(normal(start ?? 0), 0, length)
    const upper = clamp(normal(end ?? length), 0, length)
    for (let at = lower; at < upper; at += step) into.push(node[at])
  } else if (step < 0) {
    const upper = clamp(normal(start ?? length - 1), -1, length - 1)
    const lower = clamp(end === null ? -1 : normal(end), -1, length - 1)
    for (let at = upper; at > lower; at += step) into.push(node[at])
  }
}

function holds(condition: LogicalSyntax, place: Place): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => holds(part, place))
    case 'or':
      return condition.parts.some((part) => holds(part, place))
    case 'not':
      return !holds(condition.part, place)
    case 'exists':
      return nodesOf(condition.query, place).length > 0
    case 'test':
      return callFunction(condition.call, place) === true
    case 'comparison':
      return compare(condition.operator, valueAt(condition.left, place), valueAt(condition.right, place))
  }
}

/** Gives a value, or `undefined` for nothing. */
function valueAt(item: ComparableSyntax, place: Place): Value {
  if (item.kind === 'literal') return item.value
  return item.kind === 'query' ? nodesOf(item.query, place)[0] : callFunction(item.call, place)
}

function compare(operator: PathComparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right)
    case '!=':
      return !isEqual(left, right)
    case '<':
      return isLess(left, right)
    case '<=':
      return isLess(left, right) || isEqual(left, right)
    case '>':
      return isLess(right, left)
    case '>=':
      return isLess(right, left) || isEqual(left, right)
  }
}

/** Compares as JSON: objects without regard to the order of keys. */
function isEqual(left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) return left === right
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, at) => isEqual(item, right[at]))
  if (isDocument(left) && isDocument(right)) {
    const keys = Object.keys(left)
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && isEqual(getKey(left, key), getKey(right, key)))
    )
  }
  return compareValues(left, right) === 0
}

function isLess(left: Value, right: Value): boolean {
  const comparable =
    (isNumber(left) && isNumber(right)) ||
    (typeof left === 'string' && typeof right === 'string') ||
    (left instanceof Date && right instanceof Date)
  return comparable && compareValues(left, right) < 0
}

function callFunction({ name, args }: CallSyntax, place: Place): Value {
  const [first, second] = args as [ComparableSyntax, ComparableSyntax]
  switch (name) {
    case 'length':
      return lengthOf(valueAt(first, place))
    case 'count':
      return nodesOf((first as { query: PathQuery }).query, place).length
    case 'value': {
      const nodes = nodesOf((first as { query: PathQuery }).query, place)
      return nodes.length === 1 ? nodes[0] : undefined
    }
    case 'match':
    case 'search':
      return matches(valueAt(first, place), valueAt(second, place), name === 'match')
  }
}

function lengthOf(value: Value): Value {
  if (typeof value === 'string') return [...value].length
  if (Array.isArray(value)) return value.length
  return isDocument(value) ? Object.keys(value).length : undefined
}

/** Matches an I-Regexp (RFC 9485): a dot there is anything but the ends of lines. */
function matches(text: Value, pattern: Value, whole: boolean): boolean {
  if (typeof text !== 'string' || typeof pattern !== 'string') return false
  const source = pattern.replaceAll(/\\.|\[(?:\\.|[^\]])*\]|\./gsu, (part) =>
    part === '.' ? '[^\\n\\r]' : part,
  )
  const test = compilePattern(whole ? `^(?:${source})$` : source, 'u')
  return test?.(text) ?? false
}
