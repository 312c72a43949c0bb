import type { Steps } from '../../catalog/engine.ts'
import { call, column as columnExpression } from '../../expression/build.ts'
import { castTarget } from '../../expression/functions/cast.ts'
import { interpretExpression, placesOf } from '../../expression/interpret.ts'
import type { DistinctPlan, PlanField, UnionPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { typeName, types, typesEqual } from '../../types/data-type.ts'
import type { Value } from '../../types/value.ts'
import { KeyInterner } from '../key-interner.ts'
import { isBatch, mapSteps } from './steps.ts'

/** Makes what keeps the rows of batches that have not been seen before, nulls being equal. */
export function distinctFilter(columnCount: number): (batch: Batch) => Batch {
  const interner = new KeyInterner(new Array<boolean>(columnCount).fill(true))
  let known = 0
  return (batch) => {
    if (columnCount === 0) {
      const first = known === 0
      known = 1
      return first
        ? {
            ...batch,
            selection: Uint32Array.of(batch.selection === null ? 0 : (batch.selection[0] as number)),
          }
        : { ...batch, selection: new Uint32Array(0) }
    }
    const ids = interner.intern(batch.columns, batch)
    const selection = new Uint32Array(ids.length)
    let count = 0
    for (let at = 0; at < ids.length; at += 1) {
      if (ids[at] !== known) continue
      selection[count] = batch.selection === null ? at : (batch.selection[at] as number)
      count += 1
      known += 1
    }
    return { ...batch, selection: selection.subarray(0, count) }
  }
}

/** Gives each distinct row once: its first. */
export function runDistinct(plan: DistinctPlan, input: Steps): Steps {
  return mapSteps(input, distinctFilter(plan.output.length))
}

/** Gives the rows of all inputs, one input after the other. */
export function* runUnion(plan: UnionPlan, inputs: readonly (() => Steps)[]): Steps {
  for (let at = 0; at < inputs.length; at += 1) {
    const arrange = arrangement(plan, at)
    for (const step of (inputs[at] as () => Steps)()) {
      if (!isBatch(step)) yield step
      else if (batchRowCount(step) > 0) yield arrange(step)
    }
  }
}

function arrangement(plan: UnionPlan, at: number): (batch: Batch) => Batch {
  const output = (plan.inputs[at] as { output: readonly PlanField[] }).output
  const ids = plan.columns[at] as readonly number[]
  const places = ids.map((id) => output.findIndex((field) => field.id === id))
  const convert = places.map((place, to) =>
    converter(output[place] as PlanField, plan.output[to] as PlanField),
  )
  return (batch) => ({
    ...batch,
    columns: places.map((place, to) =>
      (convert[to] as (column: Column, batch: Batch) => Column)(batch.columns[place] as Column, batch),
    ),
  })
}

function converter(from: PlanField, to: PlanField): (column: Column, batch: Batch) => Column {
  if (typesEqual(from.type, to.type)) return (column) => column
  if (typeName(from.type) === 'null')
    return (column) => ({
      layout: 'boxed',
      type: to.type,
      length: column.length,
      values: new Array(column.length).fill(null),
    })
  const target = castTarget(to.type)
  const cast = target === undefined ? columnExpression(from) : call(`cast.${target}`, columnExpression(from))
  const evaluate = interpretExpression(cast, placesOf([from]), new Map())
  return (column, batch) => {
    const readers = [columnReader(column)]
    const converted = new Array<Value>(column.length).fill(null)
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      converted[index] = evaluate(readers, index, [])
    }
    return columnFromValues(target === undefined ? types.variant : to.type, converted)
  }
}
