import type { CatalogView, CollectionDefinition } from '@sheafdb/core'
import type { MacroOptions, SchemaOptions, SequenceOptions, TypeOptions } from './options.ts'
import { MODEL_NAME } from './relations.ts'

/** Is what the catalog keeps of an object that is no relation, by its kind. */
export type ObjectOptions = {
  readonly schema: SchemaOptions
  readonly sequence: SequenceOptions
  readonly type: TypeOptions
  readonly macro: MacroOptions
}

/** Names the kinds of objects beside tables and views. Each kind has names of its own. */
export type ObjectKind = keyof ObjectOptions

/** Is an object found in the catalog. */
export type FoundObject<Kind extends ObjectKind> = {
  /** The name that the user gave it. */
  readonly name: string
  readonly collection: CollectionDefinition
  readonly options: ObjectOptions[Kind]
}

/** Gives the name under which the catalog keeps an object, apart from those of relations. */
export function objectName(kind: ObjectKind, name: string): string {
  return `sheaf:${kind}:${name}`
}

const known = new WeakMap<CatalogView, ReadonlyMap<string, FoundObject<ObjectKind>>>()

/** Gives the objects of a catalog by kind and name in lower case, read once a catalog. */
function objectsIn(catalog: CatalogView): ReadonlyMap<string, FoundObject<ObjectKind>> {
  const there = known.get(catalog)
  if (there !== undefined) return there
  const objects = new Map<string, FoundObject<ObjectKind>>()
  for (const collection of catalog.collections(MODEL_NAME)) {
    const [, kind, name] = /^sheaf:(schema|sequence|type|macro):([\s\S]*)$/.exec(collection.name) ?? []
    if (kind === undefined || name === undefined) continue
    const options = collection.options as ObjectOptions[ObjectKind]
    objects.set(`${kind}:${name.toLowerCase()}`, { name, collection, options })
  }
  known.set(catalog, objects)
  return objects
}

/** Finds an object by its name, letter case left out. */
export function findObject<Kind extends ObjectKind>(
  catalog: CatalogView,
  kind: Kind,
  name: string,
): FoundObject<Kind> | undefined {
  return objectsIn(catalog).get(`${kind}:${name.toLowerCase()}`) as FoundObject<Kind> | undefined
}

/** Lists the objects of a kind, in the order of their names. */
export function objectsOf<Kind extends ObjectKind>(catalog: CatalogView, kind: Kind): FoundObject<Kind>[] {
  return [...objectsIn(catalog)]
    .filter(([key]) => key.startsWith(`${kind}:`))
    .map(([, object]) => object as FoundObject<Kind>)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
