import type { TableDefinition } from '../catalog/definition.ts'
import { fieldHistory } from '../catalog/field-history.ts'
import type { MergeTable } from '../storage/merge.ts'
import type { Part, PartField, SearchKey } from '../storage/part.ts'
import type { PositionSet } from '../storage/position-set.ts'
import { fieldIdOf } from '../types/data-type.ts'
import { assert } from '../types/errors.ts'

/** Is the rows of a table that a reader sees: parts up to a commit, less the rows that its own transaction deleted. */
export type TableView = {
  readonly definition: TableDefinition
  readonly parts: readonly Part[]
  readonly commit: number
  /** Positions that the reader's own transaction deleted, by part. */
  readonly hidden: ReadonlyMap<Part, PositionSet>
  /** Changes whenever the rows may have. */
  readonly version: string
  /** The last commit up to `commit` that changed the table. */
  readonly change: number
  /** What the reader's own transaction wrote, over what it sees of others; `null` where it wrote nothing. */
  readonly own: { readonly base: TableView; readonly parts: readonly Part[] } | null
}

/** Is a place of a row version. */
export type RowPlace = { readonly part: Part; readonly position: number }

/** Finds the row of a row id that a view sees. */
export function findRow(view: TableView, rowId: number): RowPlace | null {
  for (let index = view.parts.length - 1; index >= 0; index -= 1) {
    const part = view.parts[index] as Part
    const position = part.findRow(rowId, view.commit)
    if (position >= 0 && !isHidden(view, part, position)) return { part, position }
  }
  return null
}

/** Finds the row of a key that a view sees. */
export function findKey(
  view: Pick<TableView, 'parts' | 'commit' | 'hidden'>,
  key: SearchKey,
): RowPlace | null {
  for (let index = view.parts.length - 1; index >= 0; index -= 1) {
    const part = view.parts[index] as Part
    const position = part.findKey(key, view.commit)
    if (position >= 0 && !isHidden(view, part, position)) return { part, position }
  }
  return null
}

/** Tells whether the reader's own transaction deleted a row. */
export function isHidden(view: Pick<TableView, 'hidden'>, part: Part, position: number): boolean {
  return view.hidden.size > 0 && view.hidden.get(part)?.has(position) === true
}

const partFields = new WeakMap<TableDefinition['fields'][number], PartField>()

/** Gives the id and type under which parts know a field, and what stands for it in parts that do not. */
export function partField(field: TableDefinition['fields'][number]): PartField {
  const known = partFields.get(field)
  if (known !== undefined) return known
  const fieldId = fieldIdOf(field)
  assert(fieldId !== undefined, `field ${field.name} has no id`)
  const made = { fieldId, type: field.type, ...fieldHistory(field) }
  partFields.set(field, made)
  return made
}

/** Gives the fields of a table's key. */
export function keyFields(definition: TableDefinition): readonly PartField[] {
  return definition.key.map((name) => {
    const field = definition.fields.find((each) => each.name === name)
    assert(field !== undefined, `the key's field ${name} is not among the fields of ${definition.name}`)
    return partField(field)
  })
}

/** Gives what merging needs to know of a table. */
export function mergeTable(definition: TableDefinition): MergeTable {
  return {
    fields: definition.fields.map((field) => ({ field, part: partField(field) })),
    key: keyFields(definition).map((field) => field.fieldId),
  }
}

/** Runs steps to their end at once. */
export function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
