/**
 * Lists every code that a {@link SheafError} may carry, told apart by who must act.
 *
 * The caller: SYNTAX, NOT_FOUND, ALREADY_EXISTS, TYPE, ARGUMENT, UNSUPPORTED, CLOSED, READ_ONLY, ABORTED, TIMEOUT, LIMIT.
 * The data: CONFLICT, CONSTRAINT, OVERFLOW, DIVISION_BY_ZERO, VALUE.
 * The environment: IO, NO_SPACE, CORRUPT, LOCKED, MEMORY_LIMIT, VERSION, MISSING_DEPENDENCY.
 * Ourselves: INTERNAL.
 */
export type ErrorCode =
  | 'SYNTAX'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'TYPE'
  | 'ARGUMENT'
  | 'UNSUPPORTED'
  | 'CLOSED'
  | 'READ_ONLY'
  | 'ABORTED'
  | 'TIMEOUT'
  | 'LIMIT'
  | 'CONFLICT'
  | 'CONSTRAINT'
  | 'OVERFLOW'
  | 'DIVISION_BY_ZERO'
  | 'VALUE'
  | 'IO'
  | 'NO_SPACE'
  | 'CORRUPT'
  | 'LOCKED'
  | 'MEMORY_LIMIT'
  | 'VERSION'
  | 'MISSING_DEPENDENCY'
  | 'INTERNAL'

/** Says when an error of a query text was found. */
export type ErrorPhase = 'compile time' | 'runtime'

/** Holds the place in a query text that an error is about. `offset` counts UTF-16 units from 0, line and column from 1. */
export type SourcePosition = {
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** Holds what an error may carry beside its code and message. */
export type ErrorContext = {
  readonly cause?: unknown
  readonly position?: SourcePosition | undefined
  readonly phase?: ErrorPhase | undefined
  /** The standard's own name of the error, such as openCypher's `UndefinedVariable`. */
  readonly detail?: string | undefined
  /** The file that an environment error is about. */
  readonly path?: string | undefined
  /** Byte offset in that file. */
  readonly offset?: number | undefined
}

const BRAND = 'sheaf.error'

/** Is the one error that Sheaf throws. Use {@link isSheafError} to recognise it across copies of the package. */
export class SheafError extends Error {
  override readonly name = 'SheafError'
  readonly code: ErrorCode
  readonly position: SourcePosition | undefined
  readonly phase: ErrorPhase | undefined
  readonly detail: string | undefined
  readonly path: string | undefined
  readonly offset: number | undefined

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause })
    this.code = code
    this.position = context.position
    this.phase = context.phase
    this.detail = context.detail
    this.path = context.path
    this.offset = context.offset
    Object.defineProperty(this, Symbol.for(BRAND), { value: true })
  }
}

/** Tells whether a value is a {@link SheafError}, of one of the given codes if any are given. */
export function isSheafError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is SheafError & { readonly code: Code } {
  if (typeof error !== 'object' || error === null || !(Symbol.for(BRAND) in error)) return false
  return codes.length === 0 || codes.some((code) => code === (error as SheafError).code)
}

/** Finds line and column of an offset in a text. */
export function positionAt(text: string, offset: number): SourcePosition {
  const end = Math.max(0, Math.min(offset, text.length))
  let line = 1
  let lineStart = 0
  for (let index = text.indexOf('\n'); index !== -1 && index < end; index = text.indexOf('\n', index + 1)) {
    line += 1
    lineStart = index + 1
  }
  return { offset: end, line, column: end - lineStart + 1 }
}

const CARET_WINDOW = 100

/** Renders the line of a position with a caret under it. Long lines are cut around the caret. */
export function caretLine(text: string, position: SourcePosition): string {
  const lineStart = position.offset - (position.column - 1)
  const newline = text.indexOf('\n', lineStart)
  const line = text.slice(lineStart, newline === -1 ? text.length : newline).replace(/\r$/, '')
  const from = Math.max(0, position.column - 1 - CARET_WINDOW / 2)
  const shown = line.slice(from, from + CARET_WINDOW).replaceAll('\t', ' ')
  return `${shown}\n${' '.repeat(position.column - 1 - from)}^`
}

/** Builds an error about a place in a query text, its message ending with the line and a caret. */
export function sourceError(
  code: ErrorCode,
  message: string,
  source: {
    readonly text: string
    readonly offset: number
    readonly phase?: ErrorPhase
    readonly detail?: string
  },
): SheafError {
  const position = positionAt(source.text, source.offset)
  const where = `line ${position.line}, column ${position.column}`
  return new SheafError(code, `${message} (${where})\n${caretLine(source.text, position)}`, {
    position,
    phase: source.phase ?? 'compile time',
    detail: source.detail,
  })
}

/**
 * Gives an error as one that users are told: what outgrew the engine's own bounds (a text, an array, the stack) is a
 * `LIMIT`, everything else that is no `SheafError` a bug of ours.
 */
export function toSheafError(error: unknown): SheafError {
  if (isSheafError(error)) return error
  const said = error instanceof Error ? error.message : String(error)
  return error instanceof RangeError
    ? new SheafError('LIMIT', `A value or an expression outgrew what can be held. Make it smaller: ${said}`, {
        cause: error,
      })
    : new SheafError('INTERNAL', `Internal error. Please report it with the query: ${said}`, { cause: error })
}

/** Throws an INTERNAL error where a condition of our own does not hold: a bug of Sheaf, never of its caller. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) {
    throw new SheafError(
      'INTERNAL',
      `Internal error: ${message}. Please report it with the call that led here.`,
    )
  }
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new SheafError('INTERNAL', `Internal error: unexpected ${JSON.stringify(value)}. Please report it.`)
}
