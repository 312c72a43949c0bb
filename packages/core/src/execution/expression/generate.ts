import { type DataType, Type } from 'apache-arrow'
import { typeOfValue } from '../../expression/build.ts'
import type { ColumnId, Expression } from '../../expression/expression.ts'
import { interpretExpression, type Places, parameterValue, placesOf } from '../../expression/interpret.ts'
import { functionNamed } from '../../expression/registry.ts'
import { type Runtime, runtime } from '../../expression/runtime.ts'
import {
  type Batch,
  type Column,
  columnReader,
  columnValues,
  type DictionaryColumn,
} from '../../types/column.ts'
import { isNumeric, isText, isVariant, typeName } from '../../types/data-type.ts'
import { assert, isSheafError } from '../../types/errors.ts'
import type { Value } from '../../types/value.ts'
import { kernelOf } from './kernel.ts'

/** Is the source of a value: an expression for it, and one that tells whether it is null (`undefined` where never). */
export type Source = { readonly value: string; readonly isNull: string | undefined }

/** Gives the inputs of generated code for a batch, in the order of the names in {@link Generator.inputs}. */
type Input = { readonly name: string; readonly of: (batch: Batch) => unknown }

/** Tells how a column is read by generated code; equal signatures share code. */
export function layoutSignature(column: Column): string {
  if (column.layout === 'boxed') return 'x'
  // The type tells how values of a variant column compare where a segment holds them typed.
  const nulls = `${column.type.typeId}${column.validity === null ? '' : '?'}`
  if (column.layout === 'flat') {
    if (column.values instanceof BigInt64Array) return `w${nulls}`
    if (column.values instanceof BigUint64Array) return `r${nulls}`
    return column.values instanceof Float64Array ? `F${nulls}` : `f${nulls}`
  }
  if (column.layout === 'bit') return `b${nulls}`
  if (column.layout === 'list') return `l${nulls}(${layoutSignature(column.child)})`
  if (column.layout === 'struct') return `s${nulls}(${column.children.map(layoutSignature).join(' ')})`
  return column.layout === 'dictionary' ? `d${nulls}` : `r${nulls}`
}

/**
 * Writes JavaScript source that computes expressions on row `i` of a batch. Columns are read straight from their
 * buffers, specialised by layout; constants and everything without source of its own arrive as inputs.
 */
export class Generator {
  readonly inputs: Input[] = []
  readonly #lines: string[] = []
  readonly #places: Places
  readonly #columns: readonly Column[]
  readonly #parameters: ReadonlyMap<string, Value>
  readonly #loaded = new Map<ColumnId, Source>()
  #count = 0

  constructor(places: Places, sample: readonly Column[], parameters: ReadonlyMap<string, Value>) {
    this.#places = places
    this.#columns = sample
    this.#parameters = parameters
  }

  /** Adds a line to the body of the loop. */
  line(text: string): void {
    this.#lines.push(text)
  }

  /** Gives a name that nothing else has. */
  name(prefix: string): string {
    this.#count += 1
    return `${prefix}${this.#count}`
  }

  /** Adds an input and gives its name. */
  input(prefix: string, of: (batch: Batch) => unknown): string {
    const name = this.name(prefix)
    this.inputs.push({ name, of })
    return name
  }

  /** Gives the body written so far. */
  body(): string {
    return this.#lines.join('\n')
  }

  /** Tells the place of a column in the batch. */
  placeOf(id: ColumnId): number {
    const place = this.#places.get(id)
    assert(place !== undefined, `column ${id} is not in the input`)
    return place
  }

  /** Gives the column that stands at a place of the batch that the code is made for. */
  sampleColumn(place: number): Column {
    return this.#columns[place] as Column
  }

  /** Writes what computes an expression and gives the source of its value. */
  expression(expression: Expression): Source {
    switch (expression.kind) {
      case 'column':
        return this.#load(expression.id)
      case 'literal':
        return this.#constant(expression.value)
      case 'parameter':
        return this.#constant(parameterValue(this.#parameters, expression.name))
      case 'call':
        return this.#call(expression)
      default:
        return this.#interpreted(expression)
    }
  }

  /** Writes what computes a condition and gives source that is true where it is true. */
  condition(expression: Expression): string {
    const table = this.#truthTable(expression)
    if (table !== undefined) return table
    const { value, isNull } = this.expression(expression)
    if (isNull === undefined) return `${value} === true`
    return `(!(${isNull}) && ${value} === true)`
  }

  #constant(value: Value): Source {
    if (value === null || value === undefined) return { value: 'null', isNull: 'true' }
    if (typeof value === 'boolean') return { value: String(value), isNull: undefined }
    return { value: this.input('k', () => value), isNull: undefined }
  }

  /** Reads a column. The value of a null row is not defined: check `isNull` first. */
  #load(id: ColumnId): Source {
    const known = this.#loaded.get(id)
    if (known !== undefined) return known
    const place = this.placeOf(id)
    const source = this.#loadColumn(this.sampleColumn(place), (batch) => batch.columns[place] as Column)
    this.#loaded.set(id, source)
    return source
  }

  #loadColumn(column: Column, of: (batch: Batch) => Column): Source {
    const isNull = this.#nullSource(column, of)
    if (column.layout === 'boxed') {
      const values = this.input('x', (batch) => columnValues(of(batch)))
      const local = this.name('v')
      this.line(`const ${local} = ${values}[i];`)
      return { value: local, isNull: `(${local} === null || ${local} === undefined)` }
    }
    if (column.layout === 'flat' && !(column.values instanceof BigUint64Array)) {
      if (column.values instanceof BigInt64Array) return { value: this.#loadWide(of), isNull }
      const values = this.input('c', (batch) => (of(batch) as { values: unknown }).values)
      return { value: `${values}[i]`, isNull }
    }
    if (column.layout === 'bit') {
      const values = this.input('b', (batch) => (of(batch) as { values: unknown }).values)
      return { value: `((${values}[i >> 3] >> (i & 7) & 1) === 1)`, isNull }
    }
    if (column.layout === 'dictionary') {
      const codes = this.input('c', (batch) => (of(batch) as DictionaryColumn).codes)
      const values = this.input('d', (batch) => columnValues((of(batch) as DictionaryColumn).dictionary))
      return { value: `${values}[${codes}[i]]`, isNull }
    }
    const read = this.input('r', (batch) => columnReader(of(batch)))
    const local = this.name('v')
    this.line(`const ${local} = ${read}(i);`)
    return { value: local, isNull: column.validity === null ? undefined : `${local} === null` }
  }

  #nullSource(column: Column, of: (batch: Batch) => Column): string | undefined {
    if (column.layout === 'boxed' || column.validity === null) return undefined
    const validity = this.input('m', (batch) => (of(batch) as { validity: unknown }).validity)
    return `(${validity}[i >> 3] >> (i & 7) & 1) === 0`
  }

  /** Reads a 64-bit integer as two words: a `number` where safe, else the `bigint` itself. */
  #loadWide(of: (batch: Batch) => Column): string {
    const big = this.input('w', (batch) => (of(batch) as { values: unknown }).values)
    const words = this.input('h', (batch) => {
      const values = (of(batch) as unknown as { values: BigInt64Array }).values
      return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    })
    const local = this.name('v')
    const high = this.name('t')
    this.line(`const ${high} = ${words}[2 * i + 1];`)
    this.line(
      `const ${local} = ${high} >= -2097151 && ${high} < 2097152 ? ${high} * 4294967296 + (${words}[2 * i] >>> 0) : rt64(${big}[i]);`,
    )
    return local
  }

  #call(expression: Extract<Expression, { kind: 'call' }>): Source {
    switch (expression.function) {
      case 'and':
      case 'or':
        return this.#logic(expression)
      case 'case':
        return this.#case(expression.args)
      case 'coalesce':
        return this.#coalesce(expression.args)
      case 'is_null':
      case 'is_not_null': {
        const { isNull } = this.expression(expression.args[0] as Expression)
        if (isNull === undefined)
          return { value: String(expression.function === 'is_not_null'), isNull: undefined }
        return {
          value: expression.function === 'is_null' ? `(${isNull})` : `!(${isNull})`,
          isNull: undefined,
        }
      }
      default:
        return this.#function(expression)
    }
  }

  #function(expression: Extract<Expression, { kind: 'call' }>): Source {
    const definition = functionNamed(expression.function)
    const argumentTypes = expression.args.map((arg) => this.#typeOf(arg))
    if (definition.nulls === 'strict' && definition.compile !== undefined) {
      const probe = expression.args.map((_, index) => `a${index}`)
      if (definition.compile(probe, argumentTypes, expression.type) !== undefined)
        return this.#inlined(expression)
    }
    if (expression.args.some((arg) => arg.kind === 'lambda')) return this.#interpreted(expression)
    return this.#whole(expression) ?? this.#evaluated(expression)
  }

  /** Gives the type that an argument really has: a variant may be known here, by its constant or its column. */
  #typeOf(expression: Expression): DataType {
    if (!isVariant(expression.type)) return expression.type
    if (expression.kind === 'literal') return typeOfValue(expression.value)
    if (expression.kind === 'parameter') return typeOfValue(parameterValue(this.#parameters, expression.name))
    if (expression.kind !== 'column') return expression.type
    const { type } = this.sampleColumn(this.placeOf(expression.id))
    return isNumeric(type) || isText(type) || type.typeId === Type.Bool ? type : expression.type
  }

  /** Computes a call for the batch at once, where its function can for columns of this layout. */
  #whole(expression: Extract<Expression, { kind: 'call' }>): Source | undefined {
    const kernel = kernelOf(expression, { places: this.#places, parameters: this.#parameters })
    const sample = kernel?.(this.#columns)
    if (kernel === null || sample === undefined) return undefined
    const computed = new WeakMap<Batch, Column>()
    return this.#loadColumn(sample, (batch) => {
      let column = computed.get(batch)
      if (column === undefined) {
        column = kernel(batch.columns) as Column
        assert(
          layoutSignature(column) === layoutSignature(sample),
          'a kernel gives one layout for one layout',
        )
        computed.set(batch, column)
      }
      return column
    })
  }

  #inlined(expression: Extract<Expression, { kind: 'call' }>): Source {
    const definition = functionNamed(expression.function)
    const args = expression.args.map((arg) => this.#stable(arg))
    const value = definition.compile?.(
      args.map((arg) => arg.value),
      expression.args.map((arg) => this.#typeOf(arg)),
      expression.type,
    ) as string
    const nulls = args.map((arg) => arg.isNull).filter((isNull) => isNull !== undefined)
    const local = this.name('v')
    if (nulls.length === 0) {
      this.line(`const ${local} = ${value};`)
      return { value: local, isNull: undefined }
    }
    const isNull = this.name('n')
    this.line(`const ${isNull} = ${nulls.join(' || ')};`)
    this.line(`const ${local} = ${isNull} ? null : ${value};`)
    return { value: local, isNull }
  }

  /** Gives an expression's source as a name or constant, safe to repeat. */
  #stable(expression: Expression): Source {
    const source = this.expression(expression)
    if (/^[\w$]+$/.test(source.value)) return source
    const local = this.name('v')
    this.line(`const ${local} = ${source.value};`)
    return { value: local, isNull: source.isNull }
  }

  /** Calls a function's evaluator. */
  #evaluated(expression: Extract<Expression, { kind: 'call' }>): Source {
    const definition = functionNamed(expression.function)
    const evaluate = definition.evaluator(
      expression.args.map((arg) => arg.type),
      expression.type,
    )
    const call = this.input('e', () => evaluate)
    const args = expression.args.map((arg) => this.#stable(arg))
    const local = this.name('v')
    if (definition.nulls === 'custom') {
      const values = args.map((arg) =>
        arg.isNull === undefined ? arg.value : `(${arg.isNull}) ? null : ${arg.value}`,
      )
      this.line(`const ${local} = ${call}(${values.join(', ')});`)
    } else {
      const nulls = args.map((arg) => arg.isNull).filter((isNull) => isNull !== undefined)
      const guard = nulls.length === 0 ? '' : `${nulls.join(' || ')} ? null : `
      this.line(`const ${local} = ${guard}${call}(${args.map((arg) => arg.value).join(', ')});`)
    }
    return { value: local, isNull: `(${local} === null || ${local} === undefined)` }
  }

  /** Falls back to the interpreter for a part: lambdas, and what is inside them. */
  #interpreted(expression: Expression): Source {
    const evaluate = interpretExpression(expression, this.#places, this.#parameters)
    const call = this.input('e', (batch) => {
      const readers = batch.columns.map(columnReader)
      return (index: number) => evaluate(readers, index, [])
    })
    const local = this.name('v')
    this.line(`const ${local} = ${call}(i);`)
    return { value: local, isNull: `(${local} === null || ${local} === undefined)` }
  }

  /** Writes the lines that `write` makes inside a block, whose loads are not known outside. */
  #block(write: () => void): void {
    this.line('{')
    this.scoped(write)
    this.line('}')
  }

  /** Forgets, once `write` has written its lines, the columns that they loaded: a block may end with them. */
  scoped<Result>(write: () => Result): Result {
    const loaded = new Map(this.#loaded)
    const result = write()
    this.#loaded.clear()
    for (const [id, source] of loaded) this.#loaded.set(id, source)
    return result
  }

  #assign(target: string, expression: Expression): void {
    const { value, isNull } = this.expression(expression)
    this.line(`${target} = ${isNull === undefined ? value : `(${isNull}) ? null : ${value}`};`)
  }

  /** Evaluates the right side only where the left does not decide. */
  #logic(expression: Extract<Expression, { kind: 'call' }>): Source {
    const [left, right] = expression.args as [Expression, Expression]
    const decides = expression.function === 'and' ? 'false' : 'true'
    const local = this.name('v')
    this.line(`let ${local};`)
    this.#block(() => this.#assign(local, left))
    this.line(`if (${local} !== ${decides})`)
    this.#block(() => {
      const other = this.name('v')
      this.line(`let ${other};`)
      this.#assign(other, right)
      this.line(
        `${local} = ${other} === ${decides} ? ${decides} : ${local} === null || ${other} === null ? null : ${decides === 'false'};`,
      )
    })
    return { value: local, isNull: expression.nullable ? `${local} === null` : undefined }
  }

  #case(args: readonly Expression[]): Source {
    const local = this.name('v')
    const found = this.name('n')
    this.line(`let ${local} = null, ${found} = false;`)
    for (let at = 0; at + 1 < args.length; at += 2) {
      this.line(`if (!${found})`)
      this.#block(() => {
        const condition = this.condition(args[at] as Expression)
        this.line(`if (${condition})`)
        this.#block(() => {
          this.line(`${found} = true;`)
          this.#assign(local, args[at + 1] as Expression)
        })
      })
    }
    this.line(`if (!${found})`)
    this.#block(() => this.#assign(local, args[args.length - 1] as Expression))
    return { value: local, isNull: `(${local} === null || ${local} === undefined)` }
  }

  #coalesce(args: readonly Expression[]): Source {
    const local = this.name('v')
    this.line(`let ${local} = null;`)
    for (const arg of args) {
      this.line(`if (${local} === null || ${local} === undefined)`)
      this.#block(() => this.#assign(local, arg))
    }
    return { value: local, isNull: `(${local} === null || ${local} === undefined)` }
  }

  /**
   * Turns a condition over one dictionary column into a table by code (0 false, 1 true, 2 null, 3 an error), so that
   * it is evaluated once a distinct value instead of once a row. A value on which it fails may stand in no row that is
   * looked at: where that can be, rows are asked about it.
   */
  #truthTable(expression: Expression): string | undefined {
    if (expression.kind !== 'call' || expression.function === 'and' || expression.function === 'or')
      return undefined
    const id = onlyColumn(expression)
    if (id === undefined) return undefined
    const place = this.placeOf(id)
    const column = this.sampleColumn(place)
    if (column.layout !== 'dictionary' || typeName(expression.type) !== 'bool') return undefined
    const evaluate = interpretExpression(expression, placesOf([{ id }]), this.#parameters)
    const tables = new WeakMap<Column, Uint8Array>()
    const table = this.input('t', (batch) =>
      truthTableOf((batch.columns[place] as DictionaryColumn).dictionary, evaluate, tables),
    )
    const codes = this.input('c', (batch) => (batch.columns[place] as DictionaryColumn).codes)
    const isNull = this.#nullSource(column, (batch) => batch.columns[place] as Column)
    const code = isNull === undefined ? `${codes}[i]` : `((${isNull}) ? ${table}.length - 1 : ${codes}[i])`
    if (!mayFail(expression)) return `${table}[${code}] === 1`
    const fail = this.input('e', (batch) => {
      const { dictionary } = batch.columns[place] as DictionaryColumn
      const read = columnReader(dictionary)
      const readers = [(index: number) => (index < dictionary.length ? read(index) : null)]
      return (at: number) => evaluate(readers, at, []) === true
    })
    return `(${table}[${code}] === 3 ? ${fail}(${code}) : ${table}[${code}] === 1)`
  }
}

/** The entry after the last code stands for null. */
function truthTableOf(
  dictionary: Column,
  evaluate: ReturnType<typeof interpretExpression>,
  tables: WeakMap<Column, Uint8Array>,
): Uint8Array {
  let table = tables.get(dictionary)
  if (table === undefined) {
    table = new Uint8Array(dictionary.length + 1)
    const readers = [columnReader(dictionary)]
    for (let code = 0; code < dictionary.length; code += 1)
      table[code] = truthCode(() => evaluate(readers, code, []))
    table[dictionary.length] = truthCode(() => evaluate([() => null], 0, []))
    tables.set(dictionary, table)
  }
  return table
}

function truthCode(evaluate: () => Value): number {
  try {
    const value = evaluate()
    if (value === null || value === undefined) return 2
    return value === true ? 1 : 0
  } catch (error) {
    if (!isSheafError(error)) throw error
    return 3
  }
}

/** Names functions that give a result for any arguments that their types allow. */
const NEVER_FAIL: ReadonlySet<string> = new Set([
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in', 'is_not_distinct_from', 'is_null', 'is_not_null'],
  ...['not', 'and', 'or', 'xor', 'lower', 'upper', 'trim'],
  ...['like', 'ilike', 'starts_with', 'ends_with', 'contains'],
])

function mayFail(expression: Expression): boolean {
  if (expression.kind === 'lambda') return true
  if (expression.kind !== 'call') return false
  if (!NEVER_FAIL.has(expression.function) || expression.args.some((arg) => isVariant(arg.type))) return true
  return expression.args.some(mayFail)
}

/** Gives the one column that a deterministic expression reads, `undefined` where it is not exactly one. */
function onlyColumn(expression: Expression): ColumnId | undefined {
  const ids = new Set<ColumnId>()
  const visit = (node: Expression): boolean => {
    if (node.kind === 'column') ids.add(node.id)
    if (node.kind === 'call') return !functionNamed(node.function).volatile && node.args.every(visit)
    return node.kind === 'lambda' ? visit(node.body) : true
  }
  return visit(expression) && ids.size === 1 ? [...ids][0] : undefined
}

function wideInteger(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value
}

type Generated = (rt: Runtime, rt64: (value: bigint) => number | bigint, ...inputs: unknown[]) => unknown

const compiled = new Map<string, Generated>()
const MAX_COMPILED = 2000

/**
 * Compiles a function whose parameters are `rt`, `rt64`, the extra names given and the generator's inputs. Equal
 * source is compiled once, whatever the constants.
 *
 * @returns a function of the extra arguments and a batch
 */
export function compileFunction(
  generator: Generator,
  extra: readonly string[],
  source: string,
): (args: readonly unknown[], batch: Batch) => unknown {
  const names = generator.inputs.map((input) => input.name)
  const key = `${extra.join(',')}|${names.join(',')}|${source}`
  let compiledFunction = compiled.get(key)
  if (compiledFunction === undefined) {
    compiledFunction = new Function('rt', 'rt64', ...extra, ...names, `"use strict";\n${source}`) as Generated
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(key, compiledFunction)
  }
  const run = compiledFunction
  const { inputs } = generator
  return (args, batch) => run(runtime, wideInteger, ...args, ...inputs.map((input) => input.of(batch)))
}

/** Tells whether values of a type leave generated code as plain numbers, to be stored in a Float64Array. */
export function isNumberType(type: { readonly typeId: Type }): boolean {
  const id = type.typeId
  return (
    id === Type.Int ||
    id === Type.Float ||
    id === Type.Date ||
    id === Type.Time ||
    id === Type.Timestamp ||
    id === Type.Duration
  )
}
