import {
  type CollectionMethods,
  checkName,
  collectionMethods,
  column,
  type LogicalPlan,
  type Model,
  type ModelContext,
  named,
  newColumnId,
  project,
  scan,
  type TableDefinition,
  types,
} from '@sheafdb/core'
import { type Graph, openGraph } from './api/graph.ts'
import { type Parameters, parameterMap, Statements } from './api/statements.ts'
import type { ViewDefinition } from './api/view.ts'
import { aggregates } from './functions/aggregates.ts'
import { algorithmProcedures } from './functions/algorithm-procedures.ts'
import { functions } from './functions/index.ts'
import type { Procedure } from './functions/procedure.ts'
import { graphLayout, LAYOUT_VERSION, MODEL_NAME } from './layout/schema.ts'
import { algorithmOperator } from './operators/algorithm.ts'
import { materializeOperator } from './operators/materialize.ts'
import { shareOperator } from './operators/share.ts'
import { registerPointStorage } from './spatial/point.ts'
import { registerTemporalStorage } from './temporal/storage.ts'

/** Is `store.graph`: call it with a name to open a graph. */
export type GraphApi = ((name: string) => Graph) &
  CollectionMethods & {
    /** Registers a procedure for CALL, in every graph of the store. */
    procedure(name: string, procedure: Procedure): void
    /**
     * Makes a graph over tables that exist, without a copy: rows are nodes and edges. It is read only, and known to
     * this store until it is closed.
     */
    view(name: string, definition: ViewDefinition): Graph
  }

/**
 * Makes the graph model: property graphs, queried in openCypher.
 *
 * @example const store = await openStore(':memory:', { models: [graph()] })
 */
export function graph(): Model<'graph', GraphApi> {
  registerTemporalStorage()
  registerPointStorage()
  const statements = new Statements(algorithmProcedures())
  return {
    name: MODEL_NAME,
    layoutVersion: LAYOUT_VERSION,
    layout: graphLayout,
    open: (context) => openApi(context, statements),
    relations: (collection) =>
      collection.tables.map((table) => ({
        name: `${collection.name}.${table.part}`,
        plan: relationOf(table),
      })),
    functions,
    aggregates,
    operators: [materializeOperator, shareOperator, algorithmOperator],
    tableFunctions: [
      {
        name: 'cypher',
        lower: (context, [name, text, parameters]) => {
          const query = statements.prepare(String(text))
          return statements.plan(
            checkName(String(name)),
            query,
            parameterMap((parameters ?? {}) as Parameters),
            context,
          )
        },
      },
    ],
  }
}

function openApi(context: ModelContext, statements: Statements): GraphApi {
  const open = (name: string): Graph => openGraph(context, statements, name)
  return Object.assign(open, collectionMethods(context, MODEL_NAME), {
    procedure: (name: string, procedure: Procedure) => statements.addProcedure(name, procedure),
    view: (name: string, definition: ViewDefinition) => {
      statements.addView(checkName(name), definition)
      return open(name)
    },
  })
}

/** Shows a table to other languages, its row id as the id of the node or edge. */
function relationOf(table: TableDefinition): LogicalPlan {
  const id = table.part === 'nodes' ? 'node_id' : 'edge_id'
  const fields = [{ name: '_row_id', type: types.uint64, nullable: false }, ...table.fields]
  const columns = fields.map((field) => ({
    id: newColumnId(),
    name: field.name,
    type: field.type,
    nullable: field.nullable,
    field: field.name,
  }))
  const plan = scan(table.name, columns)
  return project(
    plan,
    plan.output.flatMap((field) =>
      field.name === 'type_id' ? [] : [named(field.name === '_row_id' ? id : field.name, column(field))],
    ),
  )
}
