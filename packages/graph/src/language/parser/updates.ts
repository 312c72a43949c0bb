import type {
  Clause,
  CreateClause,
  DeleteClause,
  ForeachClause,
  IndexExpression,
  MergeClause,
  Name,
  PropertyExpression,
  RemoveClause,
  RemoveItem,
  SetClause,
  SetItem,
} from '../syntax.ts'
import { type Cursor, commaList } from './cursor.ts'
import { parseTarget } from './expressions.ts'
import { parseLabelNames, startsLabels } from './labels.ts'
import { parsePathPattern, parsePatterns } from './patterns.ts'

/** Reads what follows CREATE. */
export function parseCreate(cursor: Cursor, start: number): CreateClause {
  return { kind: 'create', patterns: parsePatterns(cursor), ...cursor.span(start) }
}

/** Reads what follows MERGE. */
export function parseMerge(cursor: Cursor, start: number): MergeClause {
  const pattern = parsePathPattern(cursor)
  const onCreate: SetItem[] = []
  const onMatch: SetItem[] = []
  for (;;) {
    const target = cursor.takeWords('on', 'create')
      ? onCreate
      : cursor.takeWords('on', 'match')
        ? onMatch
        : null
    if (target === null) break
    cursor.expectWords('set')
    target.push(...commaList(cursor, parseSetItem))
  }
  return { kind: 'merge', pattern, onCreate, onMatch, ...cursor.span(start) }
}

/** Reads what follows SET. */
export function parseSet(cursor: Cursor, start: number): SetClause {
  return { kind: 'set', items: commaList(cursor, parseSetItem), ...cursor.span(start) }
}

function parseSetItem(cursor: Cursor): SetItem {
  const { start } = cursor.peek()
  const labelled = labelledVariable(cursor)
  if (labelled !== null) {
    return { kind: 'setLabels', variable: labelled, labels: parseLabelNames(cursor), ...cursor.span(start) }
  }
  const whole = wholeVariable(cursor)
  if (whole !== null) {
    const keep = cursor.next().text === '+='
    const value = cursor.rules.expression(cursor)
    return { kind: 'setAll', variable: whole, value, keep, ...cursor.span(start) }
  }
  const target = propertyTarget(cursor)
  cursor.expectSymbol('=')
  const value = cursor.rules.expression(cursor)
  return { kind: 'setProperty', target, value, ...cursor.span(start) }
}

function labelledVariable(cursor: Cursor): Name | null {
  if (!cursor.isVariable()) return null
  const before = cursor.at
  const variable = cursor.variable()
  if (startsLabels(cursor)) return variable
  cursor.at = before
  return null
}

function wholeVariable(cursor: Cursor): Name | null {
  if (!cursor.isVariable() || !(cursor.isSymbol('=', 1) || cursor.isSymbol('+=', 1))) return null
  return cursor.variable()
}

function propertyTarget(cursor: Cursor): PropertyExpression | IndexExpression {
  const { start } = cursor.peek()
  const target = parseTarget(cursor)
  if (target.kind === 'property' || target.kind === 'index') return target
  throw cursor.error(
    start,
    'Only a property, a variable or labels can be set or removed. Write variable.key',
    'UnexpectedSyntax',
  )
}

/** Reads what follows REMOVE. */
export function parseRemove(cursor: Cursor, start: number): RemoveClause {
  return { kind: 'remove', items: commaList(cursor, parseRemoveItem), ...cursor.span(start) }
}

function parseRemoveItem(cursor: Cursor): RemoveItem {
  const { start } = cursor.peek()
  const labelled = labelledVariable(cursor)
  if (labelled !== null) {
    return {
      kind: 'removeLabels',
      variable: labelled,
      labels: parseLabelNames(cursor),
      ...cursor.span(start),
    }
  }
  return { kind: 'removeProperty', target: propertyTarget(cursor), ...cursor.span(start) }
}

/** Reads what follows DELETE. */
export function parseDelete(cursor: Cursor, start: number, detach: boolean): DeleteClause {
  return {
    kind: 'delete',
    detach,
    expressions: commaList(cursor, cursor.rules.expression),
    ...cursor.span(start),
  }
}

const UPDATES: ReadonlySet<Clause['kind']> = new Set([
  'create',
  'merge',
  'set',
  'remove',
  'delete',
  'foreach',
])

/** Reads what follows FOREACH. */
export function parseForeach(
  cursor: Cursor,
  start: number,
  parseClause: (cursor: Cursor) => Clause,
): ForeachClause {
  cursor.expectSymbol('(')
  const variable = cursor.variable()
  cursor.expectWords('in')
  const list = cursor.withBar(true, () => cursor.rules.expression(cursor))
  cursor.expectSymbol('|')
  const updates: Clause[] = []
  while (!cursor.isSymbol(')')) {
    const clause = cursor.nested(() => parseClause(cursor))
    if (!UPDATES.has(clause.kind)) {
      throw cursor.error(
        clause.start,
        'FOREACH holds only CREATE, MERGE, SET, REMOVE, DELETE and FOREACH.',
        'InvalidClauseComposition',
      )
    }
    updates.push(clause)
  }
  cursor.expectSymbol(')')
  return { kind: 'foreach', variable, list, updates, ...cursor.span(start) }
}
