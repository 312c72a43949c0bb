import {
  type CollectionMethods,
  call,
  checkName,
  collectionMethods,
  columnNamed,
  literal,
  type Model,
  named,
  project,
  registerVariantExtension,
  SheafError,
  sourceError,
  type TableFunction,
  types,
  unnest,
} from '@sheafdb/core'
import { EJSON } from 'bson'
import { callSettings, findCollection } from './api/calls.ts'
import { DocumentCollection } from './api/collection.ts'
import { ExpirySweeps } from './api/expiry.ts'
import type { CollectionSettings } from './api/types.ts'
import { documentFunctions } from './functions/functions.ts'
import { pipelineOperator } from './functions/pipeline-operator.ts'
import { compileJsonPath } from './language/jsonpath/evaluate.ts'
import { lowerFind } from './language/lower.ts'
import { asColumns, lowerPipeline } from './language/lower-pipeline.ts'
import { DocumentColumns, relationColumns } from './language/lower-source.ts'
import { parseFilter } from './language/parser-filter.ts'
import { parsePipeline } from './language/parser-pipeline.ts'
import { documentLayout, LAYOUT_VERSION, MODEL } from './layout/table.ts'
import { decimal128Extension, installDecimal128 } from './semantics/decimal128.ts'
import { installObjectId, objectIdExtension } from './semantics/object-id.ts'
import { installOperators } from './semantics/operators/index.ts'

/** Opens collections of documents by name; `list`, `drop` and `rename` are those of every model. */
export type DocumentApi = ((name: string, settings?: CollectionSettings) => DocumentCollection) &
  CollectionMethods

/** Is `mongo('people', '{…}')` in SQL text: a filter, or a pipeline in brackets, as JSON with extended types. */
const mongoFunction: TableFunction = {
  name: 'mongo',
  lower: (context, [name, text]) => {
    if (typeof name !== 'string' || (text !== undefined && typeof text !== 'string'))
      throw new SheafError(
        'ARGUMENT',
        "mongo takes a collection and a filter or pipeline: mongo('people', '{…}').",
      )
    const query = parseJson(text ?? '{}')
    const find = (other: string) => findCollection(context, other)
    const settings = callSettings(undefined)
    if (!Array.isArray(query))
      return lowerFind(find(name), { filter: parseFilter(query), call: settings }, 'columns').plan
    const stages = parsePipeline(query)
    const sources = { call: settings, find, relation: (other: string) => context.relation(other) }
    return asColumns(lowerPipeline(find(name), stages, sources), stages)
  },
}

/** Is `jsonpath('people', '$.tags[*]')` in SQL text: a row for each node, with the `_id` of its document. */
const jsonPathFunction: TableFunction = {
  name: 'jsonpath',
  lower: (context, [name, path]) => {
    if (typeof name !== 'string' || typeof path !== 'string')
      throw new SheafError(
        'ARGUMENT',
        "jsonpath takes a collection and a path: jsonpath('people', '$.tags[*]').",
      )
    compileJsonPath(path)
    const columns = new DocumentColumns(findCollection(context, name))
    const [id, document] = [columns.id(), columns.document()]
    const nodes = call('mongo.jsonpath', document, literal(path))
    const made = unnest(columns.scan(), nodes, { name: 'value', type: types.variant })
    return project(made, [named('_id', id), named('value', columnNamed(made, 'value'))])
  },
}

/** JavaScript's parser tells the place of an error as `position 7`, and the end of the text in words. */
const JSON_ERROR_PLACE = /position (\d+)/

function parseJson(text: string): unknown {
  try {
    return EJSON.parse(text, { relaxed: true })
  } catch (cause) {
    const { message } = cause as Error
    const offset = Number(JSON_ERROR_PLACE.exec(message)?.[1] ?? text.length)
    throw sourceError(
      'SYNTAX',
      `A filter or pipeline is no valid JSON. Correct it at the caret: ${message}`,
      { text, offset },
    )
  }
}

/**
 * Gives the model of documents, queried in MongoDB's language.
 *
 * @example const store = await openStore(':memory:', { models: [document()] })
 */
export function document(): Model<'document', DocumentApi> {
  installObjectId()
  installDecimal128()
  installOperators()
  registerVariantExtension(objectIdExtension)
  registerVariantExtension(decimal128Extension)
  return {
    name: MODEL,
    layoutVersion: LAYOUT_VERSION,
    layout: documentLayout,
    open: (context) => {
      const sweeps = new ExpirySweeps()
      return Object.assign(
        (name: string, settings: CollectionSettings = {}) =>
          new DocumentCollection(context, checkName(name), { settings, sweeps }),
        collectionMethods(context, MODEL),
      )
    },
    relations: (collection) => {
      const columns = new DocumentColumns(collection)
      const outputs = relationColumns(columns)
      const plan = project(
        columns.scan(),
        outputs.map(({ name, expression }) => named(name, expression)),
      )
      return [{ name: collection.name, plan }]
    },
    functions: documentFunctions,
    operators: [pipelineOperator],
    tableFunctions: [mongoFunction, jsonPathFunction],
  }
}
