import {
  columnFromValues,
  type DataType,
  planField,
  types,
  typesEqual,
  type Value,
  values,
} from '@sheafdb/core'
import { type Binding, bindingColumns, type Frame, makeFrame, mapBinding } from '../language/lower/frame.ts'
import type { ReadFrame } from './session.ts'

/**
 * Puts the rows of frames that bind the same names under each other. A name that a frame does not bind is null in its
 * rows; a name that frames hold in different ways cannot be stacked and must be a value in all of them.
 */
export function stackFrames(frames: readonly ReadFrame[]): Frame {
  const names = new Map<string, Binding>()
  for (const { frame } of frames)
    for (const [name, binding] of frame.bindings) if (!names.has(name)) names.set(name, binding)
  const rowCount = frames.reduce((sum, frame) => sum + frame.rowCount, 0)
  const fields: ReturnType<typeof planField>[] = []
  const columns: ReturnType<typeof columnFromValues>[] = []
  const bindings = [...names].map(([name, binding]): [string, Binding] => {
    let part = 0
    const stacked = mapBinding(binding, (item) => {
      const place = part
      part += 1
      const type = commonTypeOf(frames, name, place) ?? item.type
      const field = planField(item.name, type, true)
      fields.push(field)
      columns.push(
        columnFromValues(
          type,
          frames.flatMap((frame) => partOf(frame, name, place)),
        ),
      )
      return { kind: 'column', ...field }
    })
    return [name, stacked]
  })
  return makeFrame(values(fields, columns, rowCount), bindings)
}

function commonTypeOf(frames: readonly ReadFrame[], name: string, place: number): DataType | undefined {
  const found = frames.flatMap(({ frame }) => {
    const binding = frame.bindings.get(name)
    return binding === undefined ? [] : (bindingColumns(binding)[place]?.type ?? [])
  })
  const [first, ...rest] = found
  return first === undefined || rest.every((type) => typesEqual(type, first)) ? first : types.variant
}

function partOf({ frame, rowCount, column }: ReadFrame, name: string, place: number): readonly Value[] {
  const binding = frame.bindings.get(name)
  const held = binding === undefined ? undefined : bindingColumns(binding)[place]
  return held === undefined ? new Array<Value>(rowCount).fill(null) : column(held)
}
