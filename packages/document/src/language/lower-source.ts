import {
  type CollectionDefinition,
  column,
  columnFromValues,
  type DataType,
  type Expression,
  isTemporal,
  type LogicalPlan,
  planField,
  type ScanColumn,
  scan,
  typeName,
  types,
  values,
} from '@sheafdb/core'
import { Kind, nestedType, newShape, type Shape, scalarType } from '../layout/shape.ts'
import { documentTable, optionsOf, shapeOf } from '../layout/table.ts'

/** Gives paths of documents as columns of a plan. */
export type PathSource = {
  /** What is known of the documents. */
  readonly shape: Shape
  /** Reads a path through objects as a column of a type; null where the documents here cannot. */
  path(path: readonly string[], type: DataType): Expression | null
}

/** Collects the columns that the plan of a collection reads: the document, the key, and paths as typed columns. */
export class DocumentColumns {
  readonly shape: Shape
  readonly #table: string | null
  readonly #indexed: ReadonlySet<string>
  readonly #columns = new Map<string, ScanColumn>()

  /** A collection that does not exist is read as an empty one. */
  constructor(collection: CollectionDefinition | undefined) {
    this.shape = collection === undefined ? newShape() : shapeOf(collection)
    this.#table = collection === undefined ? null : documentTable(collection.name)
    this.#indexed = new Set(
      (optionsOf(collection).indexes ?? []).flatMap(({ key }) => key.slice(0, 1).map(([path]) => path)),
    )
  }

  /** Reads the document whole. */
  document(): Expression {
    return this.#add('document', () => ({
      ...planField('document', types.variant, false),
      field: 'document',
    }))
  }

  /** The type of the keys: that of a scalar where all are of one, else variant. */
  get idType(): DataType {
    const id = this.shape.fields.get('_id')
    const type = id === undefined ? null : scalarType(id.kinds)
    return type === null || isTemporal(type) ? types.variant : type
  }

  /** Reads the key. */
  id(): Expression {
    return this.#add('_id', () => ({ ...planField('_id', this.idType), field: '_id' }))
  }

  /** Reads the row's id. */
  rowId(): Expression {
    return this.#add('_row_id', () => ({ ...planField('_row_id', types.uint64, false), field: '_row_id' }))
  }

  /** Reads a path through objects as a column of a type. */
  path(path: readonly string[], type: DataType): Expression {
    return this.#add(`path ${typeName(type)} ${JSON.stringify(path)}`, () => ({
      ...planField(path.join('.'), type, true),
      field: 'document',
      access: { function: 'document.path', path },
    }))
  }

  /** Tells whether an index starts with a path. */
  isIndexed(path: readonly string[]): boolean {
    return this.#indexed.has(path.join('.'))
  }

  /** Tells whether there is no such collection. */
  get isMissing(): boolean {
    return this.#table === null
  }

  /** Tells whether the document itself is among the columns asked for. */
  get readsDocument(): boolean {
    return this.#columns.has('document')
  }

  #add(key: string, make: () => ScanColumn): Expression {
    let found = this.#columns.get(key)
    if (found === undefined) {
      found = Object.freeze(make())
      this.#columns.set(key, found)
    }
    return column(found)
  }

  /** Orders columns as the relation has them, so that plans of one question are equal whoever asks it. */
  #place({ field, access }: ScanColumn): number {
    if (field === '_row_id') return -2
    if (field === '_id') return -1
    if (access === undefined) return Number.POSITIVE_INFINITY
    const at = [...this.shape.fields.keys()].indexOf(String(access.path[0]))
    return at === -1 ? this.shape.fields.size : at
  }

  /** Makes the scan of all columns asked for so far. */
  scan(): LogicalPlan {
    if (this.#columns.size === 0) this.id()
    const columns = [...this.#columns.values()].sort((left, right) => this.#place(left) - this.#place(right))
    if (this.#table !== null) return scan(this.#table, columns)
    return values(
      columns.map(({ id, name, type, nullable }) => ({ id, name, type, nullable })),
      columns.map(({ type }) => columnFromValues(type, [])),
      0,
    )
  }
}

/** Names the columns under which other languages see a collection: its key and each field at the top, in order. */
export function relationColumns(
  columns: DocumentColumns,
  type: (field: Shape) => DataType = relationType,
): { readonly name: string; readonly expression: Expression }[] {
  const fields = [...columns.shape.fields].filter(([name]) => name !== '_id')
  return [
    { name: '_id', expression: columns.id() },
    ...fields.map(([name, field]) => ({
      name,
      expression: columns.path([name], type(field)),
    })),
  ]
}

/** Gives the type of a column: objects of which all fields have a type are structs, arrays of such values are lists. */
function relationType(field: Shape): DataType {
  return nestedType(field) ?? plainType(field)
}

/** Gives the type of a column of scalars; variant for anything else, which is then as it was stored. */
export function plainType(field: Shape): DataType {
  if ((field.kinds & (Kind.nan | Kind.int | Kind.double)) === field.kinds && field.kinds !== 0) {
    return (field.kinds & ~Kind.int) === 0 ? types.int32 : types.float64
  }
  return scalarType(field.kinds) ?? types.variant
}
