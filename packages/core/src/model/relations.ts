import type { CollectionDefinition, TableDefinition } from '../catalog/definition.ts'
import { planField, scan } from '../plan/build.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'
import { withFreshIds } from '../plan/traverse.ts'
import { SheafError } from '../types/errors.ts'
import type { Model, ModelContext, Relation } from './model.ts'

/** Finds the collections of all models by the names under which other languages see them. */
export class Relations {
  readonly #models: readonly Model[]
  readonly #context: ModelContext
  #known: { readonly catalogVersion: number; readonly byName: ReadonlyMap<string, readonly Found[]> } | null =
    null

  constructor(models: readonly Model[], context: ModelContext) {
    this.#models = models
    this.#context = context
  }

  /**
   * Finds a relation: by full name `model:name`, else among tables of the relational model, else among all others.
   *
   * @throws `ARGUMENT` where several models have the name
   */
  find(name: string): LogicalPlan | undefined {
    const alike = this.#byName().get(name.toLowerCase()) ?? []
    const exact = alike.filter((item) => isNamed(item, name))
    // Names are found in any case, but one that is written just so comes first.
    const found = exact.length > 0 ? exact : alike
    const own = found.filter((item) => item.model === 'relational')
    const [first, second] = own.length > 0 ? own : found
    if (second !== undefined) {
      throw new SheafError(
        'ARGUMENT',
        `Several models have a collection of this name. Say which: ${found.map((item) => `${item.model}:${item.relation.name}`).join(', ')}`,
      )
    }
    if (first !== undefined) return withFreshIds(first.relation.plan)
    // The catalog's own tables belong to no collection.
    const table = this.#context.catalog().table(name)
    return table === undefined ? undefined : tablePlan(table)
  }

  /** Lists the names of all relations, in order. */
  names(): readonly string[] {
    return [...new Set([...this.#byName().values()].flat().map((item) => item.relation.name))].sort()
  }

  #byName(): ReadonlyMap<string, readonly Found[]> {
    const catalog = this.#context.catalog()
    if (this.#known?.catalogVersion === catalog.version) return this.#known.byName
    const byName = new Map<string, Found[]>()
    for (const collection of catalog.collections()) {
      for (const relation of this.#relationsOf(collection)) {
        const found = { model: collection.model, relation }
        add(byName, relation.name, found)
        add(byName, `${collection.model}:${relation.name}`, found)
      }
      for (const table of collection.tables) {
        if (!byName.has(table.name.toLowerCase()))
          add(byName, table.name, {
            model: collection.model,
            relation: { name: table.name, plan: tablePlan(table) },
          })
      }
    }
    this.#known = { catalogVersion: catalog.version, byName }
    return byName
  }

  #relationsOf(collection: CollectionDefinition): readonly Relation[] {
    const model = this.#models.find((candidate) => candidate.name === collection.model)
    const own = model?.relations?.(collection, this.#context)
    if (own !== undefined) return own
    return collection.tables.map((table) => ({
      name: table.part === '' ? collection.name : `${collection.name}.${table.part}`,
      plan: tablePlan(table),
    }))
  }
}

type Found = { readonly model: string; readonly relation: Relation }

function isNamed({ model, relation }: Found, name: string): boolean {
  return relation.name === name || `${model}:${relation.name}` === name
}

function add(byName: Map<string, Found[]>, name: string, found: Found): void {
  const key = name.toLowerCase()
  const list = byName.get(key)
  if (list === undefined) byName.set(key, [found])
  else list.push(found)
}

/** Makes the plan that reads a table whole. */
export function tablePlan(table: TableDefinition): LogicalPlan {
  return scan(
    table.name,
    table.fields.map((field) => ({
      ...planField(field.name, field.type, field.nullable),
      field: field.name,
    })),
  )
}
