import {
  type DataType,
  type LogicalPlan,
  type ModelContext,
  makeField,
  SheafError,
  typeOfValue,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { Procedure } from '../functions/procedure.ts'
import { check } from '../language/check.ts'
import { type LowerTarget, lower } from '../language/lower.ts'
import { parse } from '../language/parser.ts'
import type { Statement } from '../language/syntax.ts'
import { type GraphSchema, graphSchema } from '../layout/schema.ts'
import { isUpdating } from '../update/run.ts'
import { isListValue } from '../values.ts'
import { fromJavaScript } from './input.ts'
import { type ViewDefinition, viewSchema } from './view.ts'

/** Is the parameters of a statement, by name. */
export type Parameters = Readonly<Record<string, Value>>

/** Is a statement that was parsed and checked. */
export type PreparedStatement = { readonly statement: Statement; readonly updates: boolean }

const MAX_STATEMENTS = 500
const MAX_PLANS = 500

/** Keeps parsed statements and lowered plans, so that a statement that runs often is lowered once. */
export class Statements {
  readonly #procedures: Map<string, Procedure>
  readonly #views = new Map<string, ViewDefinition>()
  readonly #statements = new Map<string, PreparedStatement>()
  readonly #plans = new Map<string, LogicalPlan>()

  constructor(procedures: Map<string, Procedure>) {
    this.#procedures = procedures
  }

  /** Adds a procedure that CALL runs. */
  addProcedure(name: string, procedure: Procedure): void {
    this.#procedures.set(name, procedure)
    this.#statements.clear()
    this.#plans.clear()
  }

  /** Makes a name stand for a view over tables. */
  addView(name: string, view: ViewDefinition): void {
    this.#views.set(name, view)
    this.#plans.clear()
  }

  /** Tells whether a name stands for a view. */
  isView(name: string): boolean {
    return this.#views.has(name)
  }

  #schema(context: ModelContext, graph: string): GraphSchema | undefined {
    const view = this.#views.get(graph)
    return view === undefined ? graphSchema(context.catalog(), graph) : viewSchema(context, view)
  }

  /** Parses and checks a statement. @throws `SYNTAX` */
  prepare(text: string): PreparedStatement {
    if (typeof text !== 'string') throw new SheafError('ARGUMENT', `A query is a text, not a ${typeof text}.`)
    let prepared = this.#statements.get(text)
    if (prepared === undefined) {
      const statement = parse(text)
      check(statement, (name) => this.#procedures.get(name))
      prepared = { statement, updates: isUpdating(statement.query) }
      remember(this.#statements, text, prepared, MAX_STATEMENTS)
    }
    return prepared
  }

  /** Gives what a statement is lowered for, beside the schema. */
  target(parameters: ReadonlyMap<string, Value>): Omit<LowerTarget, 'schema'> {
    const started = Date.now()
    return {
      now: () => started,
      parameterType: (name) => parameterType(requireParameter(parameters, name)),
      parameterValue: (name) => requireParameter(parameters, name),
      procedure: (name) => this.#procedures.get(name),
    }
  }

  /** Lowers a statement that reads, or gives the plan that it had before. */
  plan(
    graph: string,
    prepared: PreparedStatement,
    parameters: ReadonlyMap<string, Value>,
    context: ModelContext,
  ): LogicalPlan {
    const read = new Set<string>()
    const signature = [...parameters].map(([name, value]) => `${name}:${parameterSignature(value)}`).join(',')
    const key = `${graph}\u0000${context.catalog().version}\u0000${signature}\u0000${prepared.statement.text}`
    const known = this.#plans.get(key)
    if (known !== undefined) return known
    const target = this.target(parameters)
    const plan = lower(prepared.statement, {
      ...target,
      schema: this.#schema(context, graph),
      now: () => {
        read.add('@now')
        return target.now()
      },
      parameterValue: (name) => {
        read.add(name)
        return target.parameterValue(name)
      },
    })
    if (read.size === 0) remember(this.#plans, key, plan, MAX_PLANS)
    return plan
  }
}

function remember<V>(cache: Map<string, V>, key: string, value: V, limit: number): void {
  if (cache.size >= limit) cache.delete(cache.keys().next().value as string)
  cache.set(key, value)
}

function requireParameter(parameters: ReadonlyMap<string, Value>, name: string): Value {
  if (parameters.has(name)) return parameters.get(name) ?? null
  throw new SheafError('ARGUMENT', `A parameter has no value. Pass one for $${name}.`, {
    phase: 'compile time',
    detail: 'MissingParameter',
  })
}

/** Makes the map of a statement's parameters. @throws `ARGUMENT` */
export function parameterMap(parameters: Parameters | undefined): ReadonlyMap<string, Value> {
  if (parameters === undefined || parameters === null) return new Map()
  if (typeof parameters !== 'object')
    throw new SheafError('ARGUMENT', 'Parameters are an object of name to value.')
  return new Map(Object.entries(parameters).map(([name, value]) => [name, fromJavaScript(value ?? null)]))
}

const LISTS: ReadonlyMap<string, DataType> = new Map(
  [types.int64, types.utf8, types.float64].map((type) => [
    String(type),
    new List(makeField('item', type)) as DataType,
  ]),
)

/** Finds the type of a parameter: plain values have their own, lists of numbers or of text alone too. */
function parameterType(value: Value): DataType {
  if (!isListValue(value)) return typeOfValue(value)
  const kinds = new Set(
    Array.from(value, (item) =>
      typeof item === 'number' || typeof item === 'string' || typeof item === 'bigint'
        ? String(typeOfValue(item))
        : 'variant',
    ),
  )
  const [only] = kinds
  return (kinds.size === 1 ? LISTS.get(only as string) : undefined) ?? types.variant
}

function parameterSignature(value: Value): string {
  return String(parameterType(value))
}
