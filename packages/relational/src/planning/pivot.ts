import { type Token, tokenize } from '../language/lexer.ts'
import { quoteText } from '../language/quote.ts'

/** Gives the rows of a query, as values of one column of text. */
type ReadTexts = (sql: string) => Promise<readonly string[]>

/** Is a PIVOT as a statement: `PIVOT source ON expression, … USING …`, without the values that become columns. */
type OpenPivot = {
  readonly start: number
  readonly end: number
  readonly source: string
  /** The expressions without IN, and where each ends. */
  readonly items: readonly { readonly text: string; readonly end: number }[]
}

/** No value of a column: stands in for the values where there are none. */
const NO_VALUE = 'sheaf:no value'

/**
 * Writes the values that become columns into each PIVOT that does not name them, as DuckDB does: by reading them first.
 * `undefined` where there is none to write: then the text is what it says.
 */
export async function withPivotValues(text: string, read: ReadTexts): Promise<string | undefined> {
  if (!/\bPIVOT/i.test(text)) return undefined
  let current = text
  for (;;) {
    const tokens = tokenize(current)
    const pivot = findOpenPivot(current, tokens)
    if (pivot === undefined) return current === text ? undefined : current
    const clause = withClause(current, tokens, pivot.start)
    let written = ''
    let from = pivot.start
    let isEmpty = false
    for (const { text: item, end } of pivot.items) {
      const values = await read(
        `${clause}SELECT DISTINCT CAST(${item} AS VARCHAR) AS value FROM ${pivot.source} WHERE (${item}) IS NOT NULL ORDER BY value`,
      )
      isEmpty ||= values.length === 0
      const list = values.length === 0 ? [NO_VALUE] : values
      written += `${current.slice(from, end)} IN (${list.map(quoteText).join(', ')})`
      from = end
    }
    written += current.slice(from, pivot.end)
    if (isEmpty)
      written = `SELECT COLUMNS(name -> NOT contains(name, ${quoteText(NO_VALUE)})) FROM (${written})`
    current = current.slice(0, pivot.start) + written + current.slice(pivot.end)
  }
}

/** Gives the WITH clause that a text starts with, for a PIVOT after it. */
function withClause(text: string, tokens: readonly Token[], place: number): string {
  if (tokens[0]?.key !== 'WITH') return ''
  let depth = 0
  for (const { key, start } of tokens) {
    if (start > place) return ''
    if (depth === 0 && /^(SELECT|FROM|VALUES|TABLE|PIVOT|PIVOT_WIDER)$/.test(key)) return text.slice(0, start)
    depth += depthChange(key)
  }
  return ''
}

function depthChange(key: string): number {
  if (key === '(' || key === '[' || key === '{') return 1
  return key === ')' || key === ']' || key === '}' ? -1 : 0
}

function findOpenPivot(text: string, tokens: readonly Token[]): OpenPivot | undefined {
  for (let at = tokens.length - 1; at >= 0; at -= 1) {
    if (!/^PIVOT(_WIDER)?$/.test((tokens[at] as Token).key)) continue
    const pivot = pivotAt(text, tokens, at)
    if (pivot !== undefined) return pivot
  }
  return undefined
}

const AFTER_ON = /^(USING|GROUP|ORDER|LIMIT|OFFSET)$/

function pivotAt(text: string, tokens: readonly Token[], at: number): OpenPivot | undefined {
  const next = tokens[at + 1]
  if (next === undefined || isStandardForm(tokens, at)) return undefined
  const items: { text: string; end: number }[] = []
  let source: string | undefined
  let depth = 0
  let start = 0
  let named = false
  let end = text.length
  const finish = (last: Token | undefined): void => {
    if (last === undefined || last.end <= start) return
    if (!named) items.push({ text: text.slice(start, last.end), end: last.end })
  }
  let inItems = false
  for (let index = at + 1; index < tokens.length; index += 1) {
    const token = tokens[index] as Token
    const before = tokens[index - 1]
    if (depth === 0 && (token.kind === 'end' || token.key === ')' || token.key === ';')) {
      if (inItems) finish(before)
      end = before?.end ?? end
      break
    }
    if (depth === 0 && token.key === 'ON' && source === undefined) {
      source = text.slice(next.start, before?.end)
      inItems = true
      start = token.end
    } else if (inItems && depth === 0 && AFTER_ON.test(token.key)) {
      finish(before)
      inItems = false
    } else if (inItems && depth === 0 && token.key === ',') {
      finish(before)
      start = token.end
      named = false
    } else if (inItems && depth === 0 && token.key === 'IN') named = true
    depth += depthChange(token.key)
  }
  if (source === undefined || items.length === 0) return undefined
  return { start: (tokens[at] as Token).start, end, source, items }
}

/** Tells whether this is the PIVOT after a relation, `FROM t PIVOT (sum(x) FOR y IN (…))`, which names its values. */
function isStandardForm(tokens: readonly Token[], at: number): boolean {
  if (tokens[at + 1]?.key !== '(') return false
  let depth = 0
  for (let index = at + 1; index < tokens.length; index += 1) {
    const { key } = tokens[index] as Token
    depth += depthChange(key)
    if (depth === 0) return false
    if (depth === 1 && key === 'FOR') return true
  }
  return false
}
