import type { TableDefinition } from '../../catalog/definition.ts'
import type { MatrixView } from './matrix-view.ts'

/** Bytes that all matrices kept may hold. */
export const MATRIX_CACHE_BYTES: number = 2 ** 29

type Held = { view: MatrixView | null }

/** Matrices by the table's definition, which lives as long as its store and catalog do, and by field. */
const byTable = new WeakMap<TableDefinition, Map<string, Held>>()
/** What is held, the least lately used first. */
let held: WeakRef<Held>[] = []

/** Finds what is kept of a field, of whichever version of its table. */
export function cachedMatrix(definition: TableDefinition, field: string): MatrixView | null {
  const found = byTable.get(definition)?.get(field)
  if (found === undefined || found.view === null) return null
  held = [...held.filter((reference) => reference.deref() !== found), new WeakRef(found)]
  return found.view
}

/** Keeps a matrix in place of earlier ones of its field; lets go of those not used for longest past the limit. */
export function keepMatrix(definition: TableDefinition, field: string, view: MatrixView): void {
  const fields = byTable.get(definition) ?? new Map<string, Held>()
  byTable.set(definition, fields)
  const added: Held = { view }
  const replaced = fields.get(field)
  fields.set(field, added)
  const live = held
    .map((reference) => reference.deref())
    .filter((each): each is Held => each !== undefined && each !== replaced && each.view !== null)
  let total = view.matrix.sizeBytes + live.reduce((sum, each) => sum + sizeOf(each), 0)
  for (const each of live) {
    if (total <= MATRIX_CACHE_BYTES) break
    total -= sizeOf(each)
    each.view = null
  }
  held = [...live.filter((each) => each.view !== null), added].map((each) => new WeakRef(each))
}

function sizeOf({ view }: Held): number {
  return view?.matrix.sizeBytes ?? 0
}
