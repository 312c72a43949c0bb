import {
  type CollectionMethods,
  checkName,
  collectionMethods,
  type Model,
  type ModelContext,
  SheafError,
  scanFields,
  type TableFunction,
  tableName,
} from '@sheafdb/core'
import { RdfDataset } from './api/dataset.ts'
import { PlanCache } from './api/plan-cache.ts'
import { RdfView, type RdfViewDefinition } from './api/view.ts'
import { sparqlAggregates } from './functions/aggregates.ts'
import { sparqlFunctions } from './functions/registry.ts'
import { plainQuads } from './language/lower/plain-quads.ts'
import { datasetTables, LAYOUT_VERSION, MODEL_NAME } from './layout/tables.ts'
import { rdfOperators } from './operators/index.ts'

/** Is `store.rdf`: call it with a name for a dataset. */
export type RdfApi = ((name: string) => RdfDataset) &
  CollectionMethods & {
    /** Shows tables of any model as triples, without a copy. The view is kept nowhere: make it where it is used. */
    view(name: string, definition: RdfViewDefinition): RdfView
  }

/** Makes the RDF model: datasets of quads, queried in SPARQL. @example openStore(path, { models: [rdf()] }) */
export function rdf(): Model<'rdf', RdfApi> {
  return {
    name: MODEL_NAME,
    layoutVersion: LAYOUT_VERSION,
    layout: datasetTables,
    open: openApi,
    relations: (collection) => [
      { name: collection.name, plan: plainQuads(collection.name) },
      ...collection.tables.map((table) => ({
        name: `${collection.name}.${table.part}`,
        plan: scanFields(tableName(MODEL_NAME, collection.name, table.part), table.fields),
      })),
    ],
    functions: sparqlFunctions,
    aggregates: sparqlAggregates,
    operators: rdfOperators,
    tableFunctions: [sparqlTableFunction],
  }
}

function openApi(context: ModelContext): RdfApi {
  const cache = new PlanCache(context)
  const open = (name: string): RdfDataset => new RdfDataset(context, checkName(name), cache)
  return Object.assign(open, collectionMethods(context, MODEL_NAME), {
    view: (name: string, definition: RdfViewDefinition) => new RdfView(context, checkName(name), definition),
  })
}

/** Is `sparql('kb', 'SELECT …')` in SQL text. */
const sparqlTableFunction: TableFunction = {
  name: 'sparql',
  lower: (context, args) => {
    const [name, text] = args
    if (typeof name !== 'string' || typeof text !== 'string') {
      throw new SheafError('ARGUMENT', "Call sparql with a dataset and a query: sparql('kb', 'SELECT …').")
    }
    return new PlanCache(context).lowered(text, name, {}).plain
  },
}
