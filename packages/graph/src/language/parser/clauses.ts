import type {
  CallClause,
  Clause,
  Expression,
  MatchClause,
  Name,
  PathPattern,
  ProjectionClause,
  Query,
  SingleQuery,
  SubqueryClause,
  TransactionBatches,
  YieldItem,
} from '../syntax.ts'
import { type Cursor, commaList } from './cursor.ts'
import { parsePatterns } from './patterns.ts'
import { parseProjection } from './projections.ts'
import { parseCreate, parseDelete, parseForeach, parseMerge, parseRemove, parseSet } from './updates.ts'

/** Reads a query: clauses, UNION between queries, and NEXT, after which another query goes on with the rows. */
export function parseQuery(cursor: Cursor): Query {
  let query = parseUnion(cursor)
  while (cursor.takeWords('next')) query = goOn(cursor, query, parseUnion(cursor))
  return query
}

/** Lets a query go on with the rows that another returns. */
function goOn(cursor: Cursor, first: Query, second: Query): Query {
  const { start } = first
  const last = first.parts.at(-1)?.clauses.at(-1)
  if (last?.kind !== 'return')
    throw cursor.error(last?.start ?? start, 'NEXT goes on with rows. End the query before it with RETURN.')
  const [only, ...others] = first.parts as [SingleQuery, ...SingleQuery[]]
  const lead: readonly Clause[] =
    others.length === 0
      ? only.clauses.map((clause) => (clause.kind === 'return' ? asWith(cursor, clause) : clause))
      : [
          {
            kind: 'subquery',
            optional: false,
            imports: null,
            query: first,
            inTransactions: null,
            start,
            end: first.end,
          },
        ]
  const parts = second.parts.map(
    (part): SingleQuery => ({ ...part, clauses: [...lead, ...part.clauses], start }),
  )
  return { ...second, parts, start }
}

/** Makes WITH of a RETURN, whose columns WITH names after their text. */
function asWith(cursor: Cursor, clause: ProjectionClause): ProjectionClause {
  const items = clause.items.map((item) => {
    if (item.alias !== null || item.expression.kind === 'variable') return item
    throw cursor.error(item.start, 'A column that NEXT goes on with needs a name. Write: expression AS name')
  })
  return { ...clause, kind: 'with', items }
}

function parseUnion(cursor: Cursor): Query {
  const { start } = cursor.peek()
  const parts = [parseSingleQuery(cursor)]
  const all: boolean[] = []
  while (cursor.takeWords('union')) {
    const keepsAll = cursor.takeWords('all')
    if (!keepsAll) cursor.takeWords('distinct')
    all.push(keepsAll)
    parts.push(parseSingleQuery(cursor))
  }
  return { kind: 'query', parts, all, ...cursor.span(start) }
}

/**
 * Reads what stands in EXISTS { }, COUNT { } and COLLECT { }: a query, or a bare pattern with WHERE.
 */
export function parseSubqueryBody(cursor: Cursor): Query {
  const clause = cursor.isSymbol('(') || isNamedPattern(cursor) ? bareMatch(cursor) : null
  if (clause === null) return parseQuery(cursor)
  const { start, end } = clause
  return {
    kind: 'query',
    parts: [{ kind: 'singleQuery', clauses: [clause], start, end }],
    all: [],
    start,
    end,
  }
}

function isNamedPattern(cursor: Cursor): boolean {
  return cursor.isVariable() && cursor.isSymbol('=', 1)
}

function bareMatch(cursor: Cursor): MatchClause {
  const { start } = cursor.peek()
  const patterns = parsePatterns(cursor)
  return {
    kind: 'match',
    optional: false,
    repeatable: false,
    patterns,
    where: parseWhere(cursor),
    ...cursor.span(start),
  }
}

function parseSingleQuery(cursor: Cursor): SingleQuery {
  const { start } = cursor.peek()
  const clauses = [parseClause(cursor)]
  while (!endsQuery(cursor)) clauses.push(parseClause(cursor))
  return { kind: 'singleQuery', clauses, ...cursor.span(start) }
}

function endsQuery(cursor: Cursor): boolean {
  return (
    cursor.peek().kind === 'end' ||
    cursor.isSymbol(';') ||
    cursor.isSymbol('}') ||
    cursor.isWords('union') ||
    cursor.isWords('next')
  )
}

/** Reads one clause. */
export function parseClause(cursor: Cursor): Clause {
  const { start } = cursor.peek()
  if (cursor.takeWords('match')) return parseMatch(cursor, start, false)
  if (cursor.takeWords('optional', 'match')) return parseMatch(cursor, start, true)
  if (cursor.takeWords('unwind')) return parseUnwind(cursor, start)
  if (cursor.takeWords('with')) return parseProjection(cursor, 'with', start)
  if (cursor.takeWords('return')) return parseProjection(cursor, 'return', start)
  if (cursor.takeWords('create') || cursor.takeWords('insert')) return parseCreate(cursor, start)
  if (cursor.takeWords('merge')) return parseMerge(cursor, start)
  if (cursor.takeWords('set')) return parseSet(cursor, start)
  if (cursor.takeWords('remove')) return parseRemove(cursor, start)
  if (cursor.takeWords('detach', 'delete')) return parseDelete(cursor, start, true)
  if (cursor.takeWords('nodetach', 'delete') || cursor.takeWords('delete'))
    return parseDelete(cursor, start, false)
  if (cursor.takeWords('foreach')) return parseForeach(cursor, start, parseClause)
  if (cursor.takeWords('optional', 'call')) return parseCallLike(cursor, start, true)
  if (cursor.takeWords('call')) return parseCallLike(cursor, start, false)
  if (cursor.takeWords('filter')) return parseFilter(cursor, start)
  if (cursor.takeWords('for')) return parseFor(cursor, start)
  if (cursor.takeWords('let')) return parseLet(cursor, start)
  if (cursor.takeWords('load', 'csv')) return parseLoadCsv(cursor, start)
  if (cursor.takeWords('finish')) return { kind: 'finish', ...cursor.span(start) }
  throw cursor.unexpected('a clause such as MATCH, CREATE, WITH or RETURN')
}

function parseMatch(cursor: Cursor, start: number, optional: boolean): MatchClause {
  const repeatable = cursor.takeWords('repeatable', 'elements') || cursor.takeWords('repeatable', 'element')
  if (!repeatable) {
    void (cursor.takeWords('different', 'relationships') || cursor.takeWords('different', 'relationship'))
  }
  const patterns: readonly PathPattern[] = parsePatterns(cursor)
  return { kind: 'match', optional, repeatable, patterns, where: parseWhere(cursor), ...cursor.span(start) }
}

/** Reads `WHERE predicate` where it stands here. */
export function parseWhere(cursor: Cursor): Expression | null {
  return cursor.takeWords('where') ? cursor.rules.expression(cursor) : null
}

function parseUnwind(cursor: Cursor, start: number): Clause {
  const list = cursor.rules.expression(cursor)
  cursor.expectWords('as')
  const variable = cursor.variable()
  return { kind: 'unwind', list, variable, ...cursor.span(start) }
}

function parseFor(cursor: Cursor, start: number): Clause {
  const variable = cursor.variable()
  cursor.expectWords('in')
  const list = cursor.rules.expression(cursor)
  return { kind: 'unwind', list, variable, ...cursor.span(start) }
}

/** Reads `LET name = expression, …`: every variable goes on, and those named beside them. */
function parseLet(cursor: Cursor, start: number): ProjectionClause {
  const items = commaList(cursor, () => {
    const alias = cursor.variable()
    cursor.expectSymbol('=')
    const expression = cursor.rules.expression(cursor)
    return { expression, name: alias.name, alias, ...cursor.span(alias.start) }
  })
  return {
    kind: 'with',
    distinct: false,
    star: true,
    items,
    orderBy: [],
    skip: null,
    limit: null,
    where: null,
    ...cursor.span(start),
  }
}

function parseLoadCsv(cursor: Cursor, start: number): Clause {
  const headers = cursor.takeWords('with', 'headers')
  cursor.expectWords('from')
  const url = cursor.rules.expression(cursor)
  cursor.expectWords('as')
  const variable = cursor.variable()
  const terminator = cursor.takeWords('fieldterminator') ? cursor.rules.expression(cursor) : null
  return { kind: 'loadCsv', headers, url, variable, terminator, ...cursor.span(start) }
}

function parseFilter(cursor: Cursor, start: number): Clause {
  cursor.takeWords('where')
  const where = cursor.rules.expression(cursor)
  return { kind: 'filter', where, ...cursor.span(start) }
}

function parseCallLike(cursor: Cursor, start: number, optional: boolean): CallClause | SubqueryClause {
  if (cursor.isSymbol('{')) return parseSubqueryClause(cursor, start, optional, null)
  if (cursor.isSymbol('(')) return parseSubqueryClause(cursor, start, optional, parseImports(cursor))
  return parseCall(cursor, start, optional)
}

function parseImports(cursor: Cursor): readonly Name[] | '*' {
  cursor.expectSymbol('(')
  if (cursor.takeSymbol('*')) {
    cursor.expectSymbol(')')
    return '*'
  }
  const imports = cursor.isSymbol(')') ? [] : commaList(cursor, () => cursor.variable())
  cursor.expectSymbol(')')
  return imports
}

function parseSubqueryClause(
  cursor: Cursor,
  start: number,
  optional: boolean,
  imports: readonly Name[] | '*' | null,
): SubqueryClause {
  cursor.expectSymbol('{')
  const query = cursor.nested(() => parseQuery(cursor))
  cursor.expectSymbol('}')
  const inTransactions = parseTransactions(cursor)
  return { kind: 'subquery', optional, imports, query, inTransactions, ...cursor.span(start) }
}

function parseTransactions(cursor: Cursor): TransactionBatches | null {
  if (!cursor.takeWords('in')) return null
  if (cursor.takeWords('concurrent') || cursor.peek().kind === 'integer') {
    if (cursor.peek().kind === 'integer') cursor.next()
    cursor.takeWords('concurrent')
  }
  cursor.expectWords('transactions')
  let rows: Expression | null = null
  if (cursor.takeWords('of')) {
    rows = cursor.rules.expression(cursor)
    if (!cursor.takeWords('rows')) cursor.expectWords('row')
  }
  const onError = cursor.takeWords('on', 'error') ? parseOnError(cursor) : 'fail'
  const status = cursor.takeWords('report', 'status', 'as') ? cursor.variable() : null
  return { rows, onError, status }
}

function parseOnError(cursor: Cursor): TransactionBatches['onError'] {
  if (cursor.takeWords('continue')) return 'continue'
  if (cursor.takeWords('break')) return 'break'
  cursor.expectWords('fail')
  return 'fail'
}

function parseCall(cursor: Cursor, start: number, optional: boolean): CallClause {
  const procedure = parseProcedureName(cursor)
  const items = cursor.takeSymbol('(') ? parseArguments(cursor) : null
  const yields = cursor.takeWords('yield') ? parseYield(cursor) : null
  const where = yields === null ? null : parseWhere(cursor)
  return {
    kind: 'call',
    optional,
    procedure,
    arguments: items,
    yields: yields === '*' ? null : yields,
    yieldAll: yields === '*',
    where,
    ...cursor.span(start),
  }
}

function parseProcedureName(cursor: Cursor): Name {
  const first = cursor.schemaName('the name of a procedure')
  const parts = [first.name]
  while (cursor.takeSymbol('.')) parts.push(cursor.schemaName('the name of a procedure').name)
  return { name: parts.join('.'), ...cursor.span(first.start) }
}

function parseArguments(cursor: Cursor): readonly Expression[] {
  const items = cursor.isSymbol(')') ? [] : commaList(cursor, cursor.rules.expression)
  cursor.expectSymbol(')')
  return items
}

function parseYield(cursor: Cursor): readonly YieldItem[] | '*' {
  if (cursor.takeSymbol('*')) return '*'
  if (cursor.takeSymbol('-')) return []
  return commaList(cursor, () => {
    const field = cursor.schemaName('a field of the procedure')
    const variable = cursor.takeWords('as') ? cursor.variable() : field
    return { field, variable, ...cursor.span(field.start) }
  })
}
