/**
 * Lowers a pipeline that ends in a grouping while its documents are still columns: filters, sorts, `$unwind` of lists,
 * and `$lookup` with `$unwind`, which is a join. No document is made on the way.
 */
import {
  type CollectionDefinition,
  call as callExpression,
  column,
  type DataType,
  type Expression,
  elementType,
  filter as filterPlan,
  isNumeric,
  isTemporal,
  isVariant,
  type JoinKey,
  join,
  type LogicalPlan,
  limit,
  literal,
  type PlanField,
  planField,
  sort,
  types,
  typesEqual,
  unnest,
} from '@sheafdb/core'
import type { CallSettings } from '../functions/calls.ts'
import {
  isNeverNull,
  Kind,
  knowPath,
  listShape,
  newShape,
  type Shape,
  scalarType,
  shapeAt,
} from '../layout/shape.ts'
import { requireCount, requireSort } from '../semantics/stages/arguments.ts'
import { requireLookup } from '../semantics/stages/lookup.ts'
import { parseUnwind } from '../semantics/stages/unwind.ts'
import { columnSortKeys, type Lowered, limitRows, matchCall } from './lower.ts'
import { lowerExact, lowerFilter } from './lower-filter.ts'
import { lowerGroup } from './lower-group.ts'
import { DocumentColumns, type PathSource } from './lower-source.ts'
import { parsePath } from './parser-expression.ts'
import { parseFilter } from './parser-filter.ts'
import { RelationColumns } from './relation-columns.ts'
import type { StageSyntax } from './syntax.ts'

/** Is the beginning of a pipeline, lowered, and the stages that are left. */
export type Leading = { readonly source: Lowered; readonly rest: readonly StageSyntax[] }

const GROUPS: ReadonlySet<string> = new Set(['$group', '$count', '$sortByCount'])

type Step = (plan: LogicalPlan) => LogicalPlan

type Context = {
  readonly call: CallSettings
  readonly find: (name: string) => CollectionDefinition | undefined
  readonly relation: (name: string) => LogicalPlan | undefined
}

/** Lowers the stages up to and with the first grouping; null where one of them needs whole documents. */
export function lowerColumns(
  collection: CollectionDefinition | undefined,
  stages: readonly StageSyntax[],
  context: Context,
): Leading | null {
  const end = stages.findIndex(({ name }) => GROUPS.has(name))
  if (end === -1) return null
  const documents = new ColumnDocuments(new DocumentColumns(collection))
  const steps: Step[] = []
  for (let at = 0; at < end; at += 1) {
    const joined = stages[at]?.name === '$lookup' ? lowerJoin(stages, at, documents, context) : null
    const step = joined ?? lowerStep(stages[at] as StageSyntax, documents, context)
    if (step === null) return null
    steps.push(step)
    // A join took the $unwind after it along.
    if (joined !== null) at += 1
  }
  const group = lowerGroup(stages[end] as StageSyntax, documents)
  if (group === null) return null
  return {
    source: group(() => steps.reduce((plan, step) => step(plan), documents.scan())),
    rest: stages.slice(end + 1),
  }
}

function lowerStep(
  { name, argument }: StageSyntax,
  documents: ColumnDocuments,
  { call }: Context,
): Step | null {
  switch (name) {
    case '$match': {
      const filter = parseFilter(argument)
      const predicate =
        documents.whole === null
          ? lowerExact(filter, documents)
          : lowerFilter(filter, documents.whole, matchCall(call))
      return predicate === null ? null : (plan) => filterPlan(plan, predicate)
    }
    case '$sort': {
      const keys = columnSortKeys(requireSort(argument), documents)
      return keys === null ? null : (plan) => sort(plan, keys)
    }
    case '$skip': {
      const skip = requireCount(name, argument, 0)
      return (plan) => limitRows(plan, { skip })
    }
    case '$limit': {
      const count = requireCount(name, argument, 1)
      return (plan) => limit(plan, count)
    }
    case '$unwind':
      return lowerUnwind(argument, documents)
    default:
      return null
  }
}

/** Is what stands at a path in the place of what the collection has there. */
type Overlay = {
  readonly path: readonly string[]
  /** Reads a path inside it. */
  readonly read: (rest: readonly string[], type: DataType) => Expression | null
}

/** Gives the documents of a pipeline as columns: those of the collection, with what stages have put in their place. */
class ColumnDocuments implements PathSource {
  shape: Shape
  readonly #columns: DocumentColumns
  readonly #overlays: Overlay[] = []

  constructor(columns: DocumentColumns) {
    this.#columns = columns
    this.shape = columns.shape
  }

  /** The documents as they are stored, as long as no stage has changed them. */
  get whole(): DocumentColumns | null {
    return this.#overlays.length === 0 ? this.#columns : null
  }

  get idType(): DataType {
    return this.#columns.idType
  }

  id(): Expression {
    return this.#columns.id()
  }

  scan(): LogicalPlan {
    return this.#columns.scan()
  }

  path(path: readonly string[], type: DataType): Expression | null {
    for (const { path: own, read } of [...this.#overlays].reverse()) {
      if (startsWith(path, own)) return read(path.slice(own.length), type)
      if (startsWith(own, path)) return null
    }
    return this.#columns.path(path, type)
  }

  /** Puts other values at a path. */
  lay(overlay: Overlay, shape: Shape): void {
    this.#overlays.push(overlay)
    this.shape = withField(this.shape, overlay.path, shape)
  }
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((name, at) => path[at] === name)
}

function withField(shape: Shape, [name, ...rest]: readonly string[], field: Shape): Shape {
  if (name === undefined) return field
  const fields = new Map(shape.fields)
  fields.set(name, withField(fields.get(name) ?? newShape(), rest, field))
  return { ...shape, fields }
}

function lowerUnwind(argument: unknown, documents: ColumnDocuments): Step | null {
  const { path, keepEmpty, index } = parseUnwind(argument)
  const { directLength } = knowPath(documents.shape, path)
  if (keepEmpty || index !== null || directLength < path.length || path[0] === '_id') return null
  const shape = shapeAt(documents.shape, path)
  const known = shape === null ? null : listShape(shape)
  const list = documents.path(path, known?.type ?? types.variant)
  if (list === null) return null
  const element = planField(path.at(-1) as string, known === null ? types.variant : elementType(known.type))
  documents.lay(
    { path, read: (rest, type) => elementMember(element, rest, type) },
    known?.element ?? unknownShape(),
  )
  const elements = callExpression('mongo.elements', list)
  return (plan) => unnest(plan, elements, { name: element.name, element })
}

/** Is the shape of values of which nothing is known. */
function unknownShape(): Shape {
  return { ...newShape(), kinds: ANYTHING, more: true }
}

const ANYTHING = Kind.other | Kind.null | Kind.object

/** Reads a member of an element; null where it is not a column of that type. */
function elementMember(element: PlanField, path: readonly string[], type: DataType): Expression | null {
  if (path.length === 0)
    return typesEqual(element.type, type) || type === types.variant ? elementValue(element, type) : null
  const member = callExpression('variant.get', column(element), ...path.map((name) => literal(name)))
  return typesEqual(member.type, type) ? member : null
}

/** A struct is not the object that it was made of: null in it may be a missing key. */
function elementValue(element: PlanField, type: DataType): Expression | null {
  const isStruct = !isVariant(element.type) && (element.type.children?.length ?? 0) > 0
  return isStruct && type === types.variant ? null : column(element)
}

/** Lowers `$lookup` on a field with the `$unwind` of what it finds to a join; null where documents must be looked at. */
function lowerJoin(
  stages: readonly StageSyntax[],
  at: number,
  documents: ColumnDocuments,
  { find, relation }: Context,
): Step | null {
  const parts = requireLookup(stages[at]?.argument)
  const next = stages[at + 1]
  if (next?.name !== '$unwind' || parts.pipeline !== undefined || typeof parts.from !== 'string') return null
  const as = parsePath(parts.as as string)
  const { path, keepEmpty, index } = parseUnwind(next.argument)
  if (index !== null || as.length !== 1 || as[0] === '_id' || path.join('.') !== as.join('.')) return null
  const definition = find(parts.from)
  const table = definition === undefined ? relation(parts.from) : undefined
  const other = table === undefined ? new DocumentColumns(definition) : new RelationColumns(table)
  const key = joinKey(
    { source: documents, path: parsePath(parts.localField as string) },
    { source: other, path: parsePath(parts.foreignField as string) },
  )
  if (key === null) return null
  documents.lay(
    { path: as, read: (rest, type) => (rest.length === 0 ? null : other.path(rest, type)) },
    { ...other.shape, optional: true, kinds: other.shape.kinds | (keepEmpty ? Kind.null : 0) },
  )
  return (plan) => join(plan, other.scan(), { how: keepEmpty ? 'left' : 'inner', keys: [key] })
}

type Side = { readonly source: PathSource; readonly path: readonly string[] }

/** Makes the equality of two paths that each hold one type of scalar; missing and null are equal, as in the language. */
function joinKey(left: Side, right: Side): JoinKey | null {
  const [leftType, rightType] = [typeAt(left), typeAt(right)]
  if (leftType === null || rightType === null) return null
  const comparable = typesEqual(leftType, rightType) || (isNumeric(leftType) && isNumeric(rightType))
  if (!comparable || isTemporal(leftType)) return null
  const leftColumn = left.source.path(left.path, leftType)
  const rightColumn = right.source.path(right.path, rightType)
  if (leftColumn === null || rightColumn === null) return null
  const neverNull = isNeverNull(left.source.shape, left.path) || isNeverNull(right.source.shape, right.path)
  return { left: leftColumn, right: rightColumn, ...(neverNull ? {} : { nullsEqual: true }) }
}

function typeAt({ source, path }: Side): DataType | null {
  const { kinds } = knowPath(source.shape, path)
  return kinds === null ? null : scalarType(kinds)
}
