import {
  assert,
  type Batch,
  type Column,
  type ColumnId,
  columnFromValues,
  columnReader,
  type ExecutionContext,
  type ExtensionOperator,
  type ExtensionPlan,
  makeBatch,
  type PlanField,
  SheafError,
  type Steps,
  takeColumn,
  type Value,
} from '@sheafdb/core'
import type { Algorithm, AlgorithmResult, NumberedPath, ResultColumn } from '../algorithms/algorithm.ts'
import type { AlgorithmGraph } from '../algorithms/csr.ts'
import { algorithms } from '../algorithms/index.ts'
import { projectGraph, projectView } from '../algorithms/projection.ts'
import { nodeNumbers, Settings } from '../algorithms/settings.ts'
import { ALGORITHM, type AlgorithmSettings, type ViewPart } from '../layout/algorithm.ts'
import { isMap, kindName } from '../values.ts'

const OUTPUT_ROWS = 65_536
const PART_SETTINGS = ['labels', 'types', 'weight']

/** Runs an algorithm for each row of its input, whose columns stay beside what it gives. */
export const algorithmOperator: ExtensionOperator = {
  name: ALGORITHM,
  *execute(plan: ExtensionPlan, inputs: readonly Steps[], context: ExecutionContext): Steps {
    const [input] = inputs
    assert(input, 'an algorithm needs an input')
    for (const step of input) {
      if (step === null || step instanceof Promise) yield step
      else yield* runBatch(plan, step, context)
    }
  },
}

function* runBatch(plan: ExtensionPlan, batch: Batch, context: ExecutionContext): Steps {
  const { name, ...tables } = plan.settings as AlgorithmSettings
  const algorithm = algorithms.find((candidate) => candidate.name === name)
  assert(algorithm, 'an algorithm of a plan is known')
  const given = new Map<ColumnId, Column>(
    plan.inputs[0]?.output.map(({ id }, at) => [id, batch.columns[at] as Column]) ?? [],
  )
  const readers = plan.expressions.map((item) => {
    assert(item.kind === 'column', 'an argument of an algorithm is a column')
    return columnReader(given.get(item.id) as Column)
  })
  const count = batch.selection === null ? batch.length : batch.selection.length
  for (let at = 0; at < count; at += 1) {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    context.check()
    const args = readers.map((read) => read(row))
    const graph =
      tables.view === undefined
        ? projectGraph(context.snapshot, partOf(algorithm, args, tables))
        : projectView(context.snapshot, viewPartOf(algorithm, args, tables.view))
    const nodes = args.slice(0, algorithm.nodes.length).flatMap((arg) => nodeNumbers(arg, graph))
    const result = algorithm.run(graph, nodes, settingsOf(algorithm, args))
    yield* rowsOf(plan, { algorithm, graph, result, given, row })
    yield null
  }
}

function settingsOf({ nodes, settings }: Algorithm, args: readonly Value[]): Settings {
  const given = args[nodes.length] ?? {}
  if (!isMap(given)) {
    throw new SheafError(
      'ARGUMENT',
      `The settings of an algorithm are a map, such as {types: 'KNOWS'}, not a ${kindName(given)}.`,
      {
        phase: 'runtime',
        detail: 'InvalidArgumentType',
      },
    )
  }
  return new Settings(given, [...PART_SETTINGS, ...settings])
}

function partOf(
  algorithm: Algorithm,
  args: readonly Value[],
  { nodes, edges, types }: Pick<AlgorithmSettings, 'nodes' | 'edges' | 'types'>,
): Parameters<typeof projectGraph>[1] {
  const settings = settingsOf(algorithm, args)
  const wanted = settings.texts('types')
  const typeIds =
    wanted === null ? null : wanted.flatMap((type) => (types.includes(type) ? [types.indexOf(type)] : []))
  return { nodes, edges, typeIds, labels: settings.texts('labels'), weight: settings.text('weight') }
}

/** Chooses the edges of the types asked for. A view's algorithm runs over nodes of one label, which the plan has chosen. */
function viewPartOf(
  algorithm: Algorithm,
  args: readonly Value[],
  { nodes, edges }: ViewPart,
): Parameters<typeof projectView>[1] {
  const settings = settingsOf(algorithm, args)
  const wanted = settings.texts('types')
  const labels = settings.texts('labels')
  if (labels !== null && !labels.includes(nodes.name))
    throw new SheafError('UNSUPPORTED', viewLabelMessage(nodes.name), { phase: 'runtime' })
  const chosen = edges.filter(({ name }) => wanted === null || wanted.includes(name))
  if (chosen.length > 1 && algorithm.outputs.some(({ kind }) => kind === 'relationship' || kind === 'path'))
    throw new SheafError(
      'UNSUPPORTED',
      `In a graph view this algorithm follows edges of one type. Choose it by {types: '…'}: ${chosen.map(({ name }) => name).join(', ')}`,
      { phase: 'runtime' },
    )
  return { nodes, edges: chosen, weight: settings.text('weight') }
}

function viewLabelMessage(label: string): string {
  return `In a graph view an algorithm runs over nodes of the label that its text names. Write the label as text, not as a parameter: ${label}`
}

type Found = {
  readonly algorithm: Algorithm
  readonly graph: AlgorithmGraph
  readonly result: AlgorithmResult
  readonly given: ReadonlyMap<ColumnId, Column>
  readonly row: number
}

function* rowsOf(plan: ExtensionPlan, { algorithm, graph, result, given, row }: Found): Iterable<Batch> {
  const kept = plan.output.filter(({ id }) => given.has(id))
  const own = plan.output.slice(kept.length)
  for (let from = 0; from < result.length; from += OUTPUT_ROWS) {
    const to = Math.min(result.length, from + OUTPUT_ROWS)
    const rows = new Uint32Array(to - from).fill(row)
    const columns = kept.map(({ id }) => takeColumn(given.get(id) as Column, rows))
    const made = algorithm.outputs.flatMap(({ kind }, at) =>
      partsOf(kind, result.columns[at] as ResultColumn, graph, { from, to }),
    )
    for (const [at, field] of own.entries())
      columns.push(columnOf(field, made[at] as ArrayLike<number> | readonly Value[]))
    yield makeBatch(columns, to - from)
  }
}

type Range = { readonly from: number; readonly to: number }

/** Gives the columns that hold an output: two for a path, the ids of its nodes and of its edges. */
function partsOf(
  kind: Algorithm['outputs'][number]['kind'],
  column: ResultColumn,
  { ids }: AlgorithmGraph,
  { from, to }: Range,
): readonly (ArrayLike<number> | readonly Value[])[] {
  const length = to - from
  if (kind === 'path') {
    const paths = (column as readonly NumberedPath[]).slice(from, to)
    return [
      paths.map(({ nodes }): Value => nodes.map((node) => ids[node] as number)),
      paths.map(({ edges }): Value => edges),
    ]
  }
  const numbers = column as ArrayLike<number>
  if (kind === 'node')
    return [Float64Array.from({ length }, (_, at) => ids[numbers[from + at] as number] as number)]
  return [Float64Array.from({ length }, (_, at) => numbers[from + at] as number)]
}

function columnOf({ type }: PlanField, values: ArrayLike<number> | readonly Value[]): Column {
  if (values instanceof Float64Array)
    return { layout: 'flat', type, length: values.length, validity: null, values }
  return columnFromValues(type, values as readonly Value[])
}
