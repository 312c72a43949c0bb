import type { TableDefinition } from '../../catalog/definition.ts'
import type { VectorMatrix } from './vector-matrix.ts'

/** Bytes that all matrices kept may hold. */
export const MATRIX_CACHE_BYTES: number = 2 ** 29

type Held = { readonly version: string; matrix: VectorMatrix | null }

/** Matrices by the table's definition, which lives as long as its store and catalog do, and by field. */
const byTable = new WeakMap<TableDefinition, Map<string, Held>>()
/** What is held, the least lately used first. */
let held: WeakRef<Held>[] = []

/** Finds the matrix of a field at a version of its table. */
export function cachedMatrix(
  definition: TableDefinition,
  field: string,
  version: string,
): VectorMatrix | undefined {
  const found = byTable.get(definition)?.get(field)
  if (found?.version !== version || found.matrix === null) return undefined
  held = [...held.filter((reference) => reference.deref() !== found), new WeakRef(found)]
  return found.matrix
}

/** Keeps a matrix in place of earlier ones of its field; lets go of those not used for longest past the limit. */
export function keepMatrix(
  definition: TableDefinition,
  field: string,
  version: string,
  matrix: VectorMatrix,
): void {
  const fields = byTable.get(definition) ?? new Map<string, Held>()
  byTable.set(definition, fields)
  const added: Held = { version, matrix }
  const replaced = fields.get(field)
  fields.set(field, added)
  const live = held
    .map((reference) => reference.deref())
    .filter((each): each is Held => each !== undefined && each !== replaced && each.matrix !== null)
  let total = matrix.sizeBytes + live.reduce((sum, each) => sum + (each.matrix?.sizeBytes ?? 0), 0)
  for (const each of live) {
    if (total <= MATRIX_CACHE_BYTES) break
    total -= each.matrix?.sizeBytes ?? 0
    each.matrix = null
  }
  held = [...live.filter((each) => each.matrix !== null), added].map((each) => new WeakRef(each))
}
