/**
 * Finds the layout in which a run of values is shredded: which paths become columns, of which type, in which order.
 * Deciding is apart from doing: `shred.ts` writes values into the layout that this file gives.
 */
import type { Value } from '../value.ts'
import { keysOf } from './encode.ts'
import { kindOf, ValueKind } from './kind.ts'
import { depthError, MAX_VARIANT_DEPTH } from './limits.ts'

/** Names the types that a shredded value may have; `none` for a path whose values all stay encoded. */
export type TypedKind =
  | 'none'
  | 'boolean'
  | 'int32'
  | 'float64'
  | 'int64'
  | 'text'
  | 'date'
  | 'bytes'
  | 'object'
  | 'array'

/** Tells how the values of one path are kept. */
export type ShredLayout = {
  readonly typed: TypedKind
  /** The layouts of an object's fields, in the canonical order of its keys. */
  readonly fields: ReadonlyMap<string, ShredLayout>
  /** The layout of an array's elements. */
  readonly element: ShredLayout | null
}

/** Bounds what is inferred. */
export type InferOptions = {
  /** The most paths that become columns; the others stay encoded. Default 1,024; 0 shreds nothing. */
  readonly maximumPaths?: number
}

const DEFAULT_MAXIMUM_PATHS = 1024
/** Paths watched while counting; more distinct paths than these are left encoded unseen. */
const WATCHED_PATHS = 16_384
/** A path found in fewer than one of so many rows stays encoded: a column would be nearly empty. */
const SPARSITY = 50
const SMALL_RUN = 1024

/** Counts what lies at one path. */
type PathCount = {
  readonly kinds: Uint32Array
  /** How many values were seen, of any kind. */
  count: number
  /** For each key its position in `order`. */
  readonly fields: Map<string, { readonly count: PathCount; position: number }>
  /** Keys in canonical order. */
  readonly order: string[]
  element: PathCount | null
}

type Budget = { paths: number }

/** Infers the layout for values; null and `undefined` do not count. @throws `LIMIT` for values nested too deep */
export function inferLayout(values: readonly Value[], options: InferOptions = {}): ShredLayout {
  const maximumPaths = options.maximumPaths ?? DEFAULT_MAXIMUM_PATHS
  const root = newPath()
  if (maximumPaths === 0) return decide(root, new Set())
  const budget: Budget = { paths: WATCHED_PATHS }
  const stride = Math.max(1, Math.floor(values.length / SAMPLED_ROWS))
  for (let row = 0; row < values.length; row += stride) {
    const value = values[row]
    if (value !== null && value !== undefined) observe(root, value, budget, 0)
  }
  return decide(root, choosePaths(root, maximumPaths, Math.ceil(values.length / stride)))
}

/** Of longer runs about so many rows are looked at, evenly spread: what they do not show stays encoded. */
const SAMPLED_ROWS = 16_384

const KIND_COUNT = 12

function newPath(): PathCount {
  return { kinds: new Uint32Array(KIND_COUNT), count: 0, fields: new Map(), order: [], element: null }
}

function observe(path: PathCount, value: Value, budget: Budget, depth: number): void {
  const kind = kindOf(value)
  path.count += 1
  path.kinds[kind] = (path.kinds[kind] as number) + 1
  if (kind === ValueKind.object) observeObject(path, value as object, budget, depth)
  else if (kind === ValueKind.array) observeArray(path, value as ArrayLike<Value>, budget, depth)
}

function observeArray(path: PathCount, array: ArrayLike<Value>, budget: Budget, depth: number): void {
  if (depth >= MAX_VARIANT_DEPTH) throw depthError()
  if (path.element === null) {
    if (budget.paths === 0) return
    budget.paths -= 1
    path.element = newPath()
  }
  for (let index = 0; index < array.length; index += 1) observe(path.element, array[index], budget, depth + 1)
}

function observeObject(path: PathCount, object: object, budget: Budget, depth: number): void {
  if (depth >= MAX_VARIANT_DEPTH) throw depthError()
  const keys = keysOf(object)
  let position = -1
  for (const key of keys) {
    let field = path.fields.get(key)
    if (field === undefined) {
      if (budget.paths === 0) continue
      budget.paths -= 1
      field = addField(path, key, position + 1)
    }
    if (field.position > position) position = field.position
    const value = object instanceof Map ? object.get(key) : (object as Record<string, Value>)[key]
    observe(field.count, value, budget, depth + 1)
  }
}

/** Adds a key right after the keys that it was seen after, so that most objects have their keys in canonical order. */
function addField(
  path: PathCount,
  key: string,
  position: number,
): { readonly count: PathCount; position: number } {
  const field = { count: newPath(), position }
  path.order.splice(position, 0, key)
  path.fields.set(key, field)
  for (let at = position + 1; at < path.order.length; at += 1) {
    const moved = path.fields.get(path.order[at] as string)
    if (moved !== undefined) moved.position = at
  }
  return field
}

/** Chooses the paths that become columns: the most frequent first, a path only together with those above it. */
function choosePaths(root: PathCount, maximumPaths: number, rowCount: number): ReadonlySet<PathCount> {
  const chosen = new Set<PathCount>([root])
  const candidates: { readonly path: PathCount; readonly rows: number }[] = []
  const offer = (path: PathCount, rows: number): void => {
    const typed = mainKind(path)
    if (typed === 'object') {
      for (const { count } of path.fields.values()) candidates.push({ path: count, rows })
    } else if (typed === 'array' && path.element !== null) {
      candidates.push({ path: path.element, rows: path.element.count })
    }
  }
  offer(root, rowCount)
  while (candidates.length > 0 && chosen.size <= maximumPaths) {
    candidates.sort((left, right) => right.path.count - left.path.count)
    const round = candidates.splice(0, candidates.length)
    for (const { path, rows } of round) {
      if (chosen.size > maximumPaths) break
      if (rows > SMALL_RUN && path.count * SPARSITY < rows) continue
      chosen.add(path)
      offer(path, rows)
    }
  }
  return chosen
}

function decide(path: PathCount, chosen: ReadonlySet<PathCount>): ShredLayout {
  const typed = chosen.has(path) ? mainKind(path) : 'none'
  const fields = new Map<string, ShredLayout>()
  if (typed === 'object') {
    for (const key of path.order) {
      const { count } = path.fields.get(key) as { count: PathCount }
      if (chosen.has(count)) fields.set(key, decide(count, chosen))
    }
  }
  const element = typed === 'array' ? decide(path.element ?? newPath(), chosen) : null
  return { typed, fields, element }
}

const PLAIN_KINDS: readonly (readonly [number, TypedKind])[] = [
  [ValueKind.boolean, 'boolean'],
  [ValueKind.int64, 'int64'],
  [ValueKind.text, 'text'],
  [ValueKind.date, 'date'],
  [ValueKind.bytes, 'bytes'],
  [ValueKind.object, 'object'],
  [ValueKind.array, 'array'],
]

/** Gives the type that most values of a path fit; whole numbers with others are float64, which holds both exactly. */
function mainKind(path: PathCount): TypedKind {
  const doubles = path.kinds[ValueKind.double] as number
  const numbers = doubles + (path.kinds[ValueKind.int32] as number)
  let best: TypedKind = numbers === 0 ? 'none' : doubles === 0 ? 'int32' : 'float64'
  let most = numbers
  for (const [kind, typed] of PLAIN_KINDS) {
    const count = path.kinds[kind] as number
    if (count > most) {
      most = count
      best = typed
    }
  }
  return best
}
