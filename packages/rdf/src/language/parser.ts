import { SheafError, sourceError } from '@sheafdb/core'
import { toAlgebra } from '@traqula/algebra-sparql-1-2'
import { Parser } from '@traqula/parser-sparql-1-2'
import type { DatasetSyntax, OperationSyntax, QueryForm, QuerySyntax, UpdateSyntax } from './syntax.ts'
import { findMisuse } from './syntax-notes.ts'

type ParserError = {
  readonly message: string
  readonly token: { readonly startOffset: number; readonly image: string }
  readonly previousToken?: { readonly endOffset?: number }
}

let sharedParser: Parser | undefined
let failedAt: ParserError | undefined

/** Makes the parser when it is first needed: that takes some tens of milliseconds. */
function parser(): Parser {
  sharedParser ??= new Parser({
    errorHandler: (errors: unknown) => {
      failedAt = (errors as readonly ParserError[])[0]
      throw new Error(failedAt?.message ?? 'the text does not follow the grammar')
    },
  } as never)
  return sharedParser
}

const MAX_NESTING = 200

/** Refuses texts whose brackets nest deeper than the recursive parser and lowering can follow. */
function checkNesting(text: string): void {
  let depth = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit === 0x7b || unit === 0x28 || unit === 0x5b) depth += 1
    else if (unit === 0x7d || unit === 0x29 || unit === 0x5d) depth -= 1
    if (depth > MAX_NESTING) {
      throw sourceError('LIMIT', `Brackets may be nested ${MAX_NESTING} deep. Write the query flatter.`, {
        text,
        offset: index,
      })
    }
  }
}

type Parsed = {
  readonly algebra: { readonly type: string }
  /** The base of the last BASE of the text. */
  readonly baseIri: string | undefined
  /** True for SELECT *. */
  readonly selectsAll: boolean
}

function parse(text: string, baseIri: string | undefined, quads: boolean): Parsed {
  checkNesting(text)
  failedAt = undefined
  try {
    const tree = parser().parse(text)
    const { context, variables, type } = tree as unknown as Tree
    if (type === 'update' && !quads) throw otherKind(text, 'an update, not a query. Run it with update().')
    if (type === 'query' && quads) throw otherKind(text, 'a query, not an update. Run it with query().')
    const base = context?.findLast((each) => each.subType === 'base')?.value.value
    const algebra = toAlgebra(tree, { quads, ...(baseIri === undefined ? {} : { baseIRI: baseIri }) })
    return {
      algebra: algebra as { readonly type: string },
      baseIri: resolvedBase(base, baseIri),
      selectsAll: variables?.[0]?.type === 'wildcard',
    }
  } catch (error) {
    throw syntaxError(text, error)
  }
}

function otherKind(text: string, is: string): SheafError {
  return sourceError('SYNTAX', `This is ${is}`, { text, offset: Math.max(0, text.search(/\S/)) })
}

type Tree = {
  readonly type: 'query' | 'update'
  readonly context?: readonly { readonly subType: string; readonly value: { readonly value: string } }[]
  readonly variables?: readonly { readonly type: string }[]
}

function resolvedBase(base: string | undefined, outer: string | undefined): string | undefined {
  if (base === undefined) return outer
  return URL.canParse(base, outer) ? new URL(base, outer).href : base
}

function syntaxError(text: string, error: unknown): SheafError {
  if (error instanceof SheafError) return error
  if (error instanceof RangeError)
    return new SheafError(
      'LIMIT',
      'The query is too long for one expression or list. Write it in smaller parts, or use IN or VALUES.',
    )
  const found = error instanceof Error ? error.message : String(error)
  return sourceError('SYNTAX', messageOf(found), { text, offset: offsetOf(text, found) })
}

/** Finds the place that an error is about: the token that did not fit, the offset in a lexer's message, or a prefix. */
function offsetOf(text: string, message: string): number {
  if (failedAt !== undefined) {
    const { startOffset } = failedAt.token
    return Number.isNaN(startOffset)
      ? (failedAt.previousToken?.endOffset ?? text.length - 1) + 1
      : startOffset
  }
  const lexer = /at offset: (\d+)/.exec(message)
  if (lexer !== null) return Number(lexer[1])
  const prefix = /Unknown prefix: (.*)/.exec(message)
  return prefix === null ? 0 : Math.max(0, text.indexOf(`${prefix[1]}:`))
}

function messageOf(found: string): string {
  const [first = ''] = found.split('\n')
  if (failedAt !== undefined) {
    const { image } = failedAt.token
    return image === ''
      ? 'The query ends too early. Complete it.'
      : `The query does not follow the grammar of SPARQL here. Correct it near: ${image}`
  }
  if (/^Unknown prefix/.test(first)) return `${first}. Declare it with PREFIX.`
  return `The query is not valid SPARQL. Correct it: ${first}`
}

/**
 * Parses a query into the algebra of SPARQL.
 *
 * @throws `SYNTAX` with the position
 */
export function parseQuery(text: string, baseIri?: string): QuerySyntax {
  const parsed = parse(text, baseIri, false)
  const algebra = parsed.algebra as unknown as AlgebraQuery
  const query =
    algebra.type === 'from'
      ? formOf(algebra.input, { default: algebra.default, named: algebra.named })
      : formOf(algebra, null)
  const misuse = findMisuse(query.pattern)
  if (misuse !== null)
    throw sourceError('SYNTAX', misuse.message, { text, offset: variableOffset(text, misuse.variable) })
  const pattern = parsed.selectsAll ? inOrderOfText(query.pattern, text) : query.pattern
  return { ...query, pattern, baseIri: parsed.baseIri }
}

/** Finds where a text first names a variable. */
function variableOffset(text: string, name: string): number {
  const found = new RegExp(`[?$]${name}(?![\\w\\u00B7-\\uFFFF])`, 'u').exec(text)
  return found === null ? text.length : found.index
}

/** Gives the variables of SELECT * in the order in which the text names them. */
function inOrderOfText(operation: OperationSyntax, text: string): OperationSyntax {
  switch (operation.type) {
    case 'distinct':
    case 'reduced':
    case 'slice':
      return { ...operation, input: inOrderOfText(operation.input, text) }
    case 'project': {
      const places = new Map(
        operation.variables.map(({ value }): [string, number] => [value, variableOffset(text, value)]),
      )
      const placeOf = (name: string) => places.get(name) as number
      const variables = [...operation.variables].sort((a, b) => placeOf(a.value) - placeOf(b.value))
      return { ...operation, variables }
    }
    default:
      return operation
  }
}

type AlgebraQuery = OperationSyntax & {
  readonly input: AlgebraQuery
  readonly default: DatasetSyntax['default']
  readonly named: DatasetSyntax['named']
  readonly template: Extract<QueryForm, { form: 'construct' }>['template']
  readonly terms: Extract<QueryForm, { form: 'describe' }>['terms']
}

function formOf(algebra: AlgebraQuery, dataset: DatasetSyntax | null): QueryForm {
  const type = algebra.type as string
  switch (type) {
    case 'ask':
      return { form: 'ask', pattern: algebra.input, dataset }
    case 'construct':
      return { form: 'construct', pattern: algebra.input, dataset, template: algebra.template }
    case 'describe':
      return { form: 'describe', pattern: algebra.input, dataset, terms: algebra.terms }
    default:
      return { form: 'select', pattern: algebra, dataset }
  }
}

/**
 * Parses an update request into its operations, in order.
 *
 * @throws `SYNTAX` with the position
 */
export function parseUpdate(text: string, baseIri?: string): readonly UpdateSyntax[] {
  const algebra = parse(text, baseIri, true).algebra as unknown as UpdateSyntax & {
    readonly updates: readonly UpdateSyntax[]
  }
  const type = algebra.type as string
  if (type === 'compositeupdate') return algebra.updates
  return [algebra]
}
