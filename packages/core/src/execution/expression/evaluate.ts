import type { Expression } from '../../expression/expression.ts'
import { interpretExpression, type Places, readersOf } from '../../expression/interpret.ts'
import { type Batch, batchRowCount, boxedColumn, type Column } from '../../types/column.ts'
import { canGenerate } from '../../types/generation.ts'
import type { Value } from '../../types/value.ts'
import { compileFunction, Generator, isNumberType, layoutSignature } from './generate.ts'
import { kernelOf } from './kernel.ts'

/** Batches of fewer rows are interpreted: compiling would cost more than it saves. */
const COMPILE_FROM_ROWS = 512

/** Tells how expressions are evaluated; `interpreted` is for hosts without code generation and for tests. */
export type EvaluationMode = 'auto' | 'interpreted' | 'compiled'

/** Computes a column of a batch: its length is the batch's, rows that are not selected hold anything. */
export type ColumnEvaluator = (batch: Batch) => Column

/** Keeps the rows of a batch for which a condition is true. */
export type BatchFilter = (batch: Batch) => Batch

type Setting = {
  readonly places: Places
  readonly parameters: ReadonlyMap<string, Value>
  readonly mode: EvaluationMode
}

function shouldCompile(mode: EvaluationMode, batch: Batch): boolean {
  if (mode === 'interpreted' || !canGenerate()) return false
  return mode === 'compiled' || batchRowCount(batch) >= COMPILE_FROM_ROWS
}

function signatureOf(batch: Batch): string {
  return `${batch.selection === null ? '-' : 's'}${batch.columns.map(layoutSignature).join(' ')}`
}

/** Makes what computes an expression on batches. */
export function columnEvaluator(expression: Expression, setting: Setting): ColumnEvaluator {
  if (expression.kind === 'column') {
    const place = setting.places.get(expression.id) as number
    return (batch) => batch.columns[place] as Column
  }
  const interpreted = interpretedColumn(expression, setting)
  const kernel = setting.mode === 'interpreted' ? null : kernelOf(expression, setting)
  const versions = new Map<string, (batch: Batch) => Column>()
  return (batch) => {
    const whole = kernel?.(batch.columns)
    if (whole !== undefined) return whole
    if (!shouldCompile(setting.mode, batch)) return interpreted(batch)
    const signature = signatureOf(batch)
    let version = versions.get(signature)
    if (version === undefined) {
      version = compiledColumn(expression, setting, batch)
      versions.set(signature, version)
    }
    return version(batch)
  }
}

function interpretedColumn(expression: Expression, { places, parameters }: Setting): ColumnEvaluator {
  const evaluate = interpretExpression(expression, places, parameters)
  return (batch) => {
    const readers = readersOf(batch)
    const values = new Array<Value>(batch.length).fill(null)
    const { selection } = batch
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1) {
      const index = selection === null ? at : (selection[at] as number)
      values[index] = evaluate(readers, index, [])
    }
    return boxedColumn(expression.type, values)
  }
}

const LOOP_ALL = 'for (let i = 0; i < n; i += 1) {'
const LOOP_SELECTED = 'for (let k = 0; k < n; k += 1) { const i = sel[k];'

/** Opens a loop over the rows of a batch, `n` and `sel` being its arguments. */
function loopHead(batch: Batch): string {
  return batch.selection === null ? LOOP_ALL : LOOP_SELECTED
}

function compiledColumn(
  expression: Expression,
  { places, parameters }: Setting,
  sample: Batch,
): ColumnEvaluator {
  const generator = new Generator(places, sample.columns, parameters)
  const source = generator.expression(expression)
  const numbers = isNumberType(expression.type)
  const store = numbers ? storeNumber(source.value, source.isNull) : storeBoxed(source.value, source.isNull)
  const body = `${loopHead(sample)}\n${generator.body()}\n${store}\n}\nreturn true`
  const run = compileFunction(generator, ['sel', 'n', 'out', 'valid'], body)
  const interpreted = interpretedColumn(expression, { places, parameters, mode: 'interpreted' })
  return (batch) => {
    const args = [batch.selection, batchRowCount(batch)]
    if (!numbers) {
      const values = new Array<Value>(batch.length).fill(null)
      run([...args, values, null], batch)
      return boxedColumn(expression.type, values)
    }
    const values = new Float64Array(batch.length)
    const validity = source.isNull === undefined ? null : new Uint8Array((batch.length + 7) >> 3)
    // A result that leaves the safe integers cannot stand in a Float64Array: such a batch is computed boxed.
    if (run([...args, values, validity], batch) !== true) return interpreted(batch)
    return { layout: 'flat', type: expression.type, length: batch.length, validity, values }
  }
}

function storeNumber(value: string, isNull: string | undefined): string {
  const store = `const o = ${value}; if (typeof o !== 'number') return false; out[i] = o;`
  return isNull === undefined ? store : `if (!(${isNull})) { ${store} valid[i >> 3] |= 1 << (i & 7) }`
}

function storeBoxed(value: string, isNull: string | undefined): string {
  return isNull === undefined ? `out[i] = ${value};` : `out[i] = (${isNull}) ? null : ${value};`
}

/** Makes what keeps the rows of batches for which a condition is true. */
export function batchFilter(predicates: readonly Expression[], setting: Setting): BatchFilter {
  if (predicates.length === 0) return (batch) => batch
  const interpreted = interpretedFilter(predicates, setting)
  const versions = new Map<string, BatchFilter>()
  return (batch) => {
    if (!shouldCompile(setting.mode, batch)) return interpreted(batch)
    const signature = signatureOf(batch)
    let version = versions.get(signature)
    if (version === undefined) {
      version = compiledFilter(predicates, setting, batch)
      versions.set(signature, version)
    }
    return version(batch)
  }
}

function interpretedFilter(predicates: readonly Expression[], { places, parameters }: Setting): BatchFilter {
  const evaluators = predicates.map((predicate) => interpretExpression(predicate, places, parameters))
  return (batch) => {
    const readers = readersOf(batch)
    const count = batchRowCount(batch)
    const kept = new Uint32Array(count)
    let keptCount = 0
    for (let at = 0; at < count; at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      if (evaluators.every((evaluate) => evaluate(readers, index, []) === true)) {
        kept[keptCount] = index
        keptCount += 1
      }
    }
    return selected(batch, kept, keptCount)
  }
}

function compiledFilter(
  predicates: readonly Expression[],
  { places, parameters }: Setting,
  sample: Batch,
): BatchFilter {
  const generator = new Generator(places, sample.columns, parameters)
  for (const predicate of predicates) {
    const condition = generator.condition(predicate)
    generator.line(`if (!(${condition})) continue;`)
  }
  const body = `let j = 0;\n${loopHead(sample)}\n${generator.body()}\nout[j] = i; j += 1;\n}\nreturn j`
  const run = compileFunction(generator, ['sel', 'n', 'out'], body)
  return (batch) => {
    const count = batchRowCount(batch)
    const kept = new Uint32Array(count)
    return selected(batch, kept, run([batch.selection, count, kept], batch) as number)
  }
}

function selected(batch: Batch, kept: Uint32Array, keptCount: number): Batch {
  if (keptCount === batchRowCount(batch)) return batch
  return { ...batch, selection: kept.subarray(0, keptCount) }
}
