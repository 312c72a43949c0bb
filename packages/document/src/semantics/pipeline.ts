/** Runs pipelines over documents held in memory. */
import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { isPlain, typeWord } from '../language/parser-values.ts'
import type { StageSyntax } from '../language/syntax.ts'
import { scopeOf } from './expression.ts'
import { compileGroup, groupDocuments } from './group.ts'
import { compileFilter } from './match.ts'
import { matchSupport } from './match-support.ts'
import type { CompileContext } from './scope.ts'
import { sortDocuments } from './sort.ts'
import { requireCount, requireCountName, requireSort, requireSortByCount } from './stages/arguments.ts'
import { compileBucket, compileBucketAuto } from './stages/bucket.ts'
import type { DocumentsToDocuments, PipelineContext } from './stages/context.ts'
import { compileDensify, compileFill } from './stages/densify.ts'
import { compileFacet } from './stages/facet.ts'
import { compileGeoNear } from './stages/geo-near.ts'
import { compileGraphLookup, compileLookup } from './stages/lookup.ts'
import { compileRowStage, ROW_STAGES } from './stages/row-stage.ts'
import { compileSample } from './stages/sample.ts'
import { compileDocuments, compileUnionWith } from './stages/sources.ts'
import { compileUnwind } from './stages/unwind.ts'
import { compileWindow } from './stages/window.ts'
import type { Document } from './value.ts'

/** Is what a pipeline reads from outside. */
export type PipelineSource = Pick<PipelineContext, 'context' | 'collection' | 'requireRoom'>

/** Compiles a pipeline over documents held in memory. @throws MongoDB's error of an argument that a stage does not take */
export function compilePipeline(
  stages: readonly StageSyntax[],
  source: PipelineSource,
): DocumentsToDocuments {
  return compileStages(stages, { ...source, nested: false, compile: compileStages })
}

function compileStages(stages: readonly StageSyntax[], pipeline: PipelineContext): DocumentsToDocuments {
  const steps = stages.map((stage) => compileStage(stage, pipeline))
  return (documents, variables) =>
    steps.reduce<Document[]>(
      (rows, step) => {
        const made = step(rows, variables)
        if (made.length > rows.length) pipeline.requireRoom(made.length)
        return made
      },
      [...documents],
    )
}

type Compile = (argument: Value, pipeline: PipelineContext) => DocumentsToDocuments

const STAGES: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['$match', (argument, { context }) => compileMatch(argument, context)],
  ['$sort', compileSort],
  ['$limit', compileLimit],
  ['$skip', compileSkip],
  ['$group', (argument, { context }) => compileGrouping(argument, context)],
  ['$sortByCount', (argument, { context }) => compileSortByCount(argument, context)],
  ['$count', compileCount],
  ['$unwind', compileUnwind],
  ['$lookup', compileLookup],
  ['$graphLookup', compileGraphLookup],
  ['$facet', compileFacet],
  ['$bucket', (argument, { context }) => compileBucket(argument, context)],
  ['$bucketAuto', (argument, { context }) => compileBucketAuto(argument, context)],
  ['$setWindowFields', (argument, { context }) => compileWindow(argument, context)],
  ['$geoNear', compileGeoNear],
  ['$sample', compileSample],
  ['$unionWith', compileUnionWith],
  ['$densify', compileDensify],
  ['$fill', (argument, { context }) => compileFill(argument, context)],
  ['$documents', (argument, { context }) => compileDocuments(argument, context)],
  ['$out', (_, pipeline) => refuseWrite('$out', pipeline)],
  ['$merge', (_, pipeline) => refuseWrite('$merge', pipeline)],
])

function compileStage(stage: StageSyntax, pipeline: PipelineContext): DocumentsToDocuments {
  if (ROW_STAGES.has(stage.name)) return compileRows(stage, pipeline.context)
  const compile = STAGES.get(stage.name)
  if (compile === undefined)
    throw mongoError(40324, `There is no stage of this name. Check its spelling: ${stage.name}`)
  return compile(stage.argument, pipeline)
}

function compileRows(stage: StageSyntax, context: CompileContext): DocumentsToDocuments {
  const map = compileRowStage(stage, context)
  return (documents, variables) =>
    documents.flatMap((document) => {
      const result = map(scopeOf(document, variables))
      return result === undefined ? [] : [result]
    })
}

function compileSort(argument: Value): DocumentsToDocuments {
  const fields = requireSort(argument)
  return (documents) => sortDocuments(documents, fields)
}

function compileLimit(argument: Value): DocumentsToDocuments {
  const count = requireCount('$limit', argument, 1)
  return (documents) => documents.slice(0, count)
}

function compileSkip(argument: Value): DocumentsToDocuments {
  const count = requireCount('$skip', argument, 0)
  return (documents) => documents.slice(count)
}

function compileCount(argument: Value): DocumentsToDocuments {
  const field = requireCountName(argument)
  return (documents) => (documents.length === 0 ? [] : [{ [field]: documents.length }])
}

function compileGrouping(argument: Value, context: CompileContext): DocumentsToDocuments {
  const grouping = compileGroup(argument, context)
  return (documents, variables) =>
    groupDocuments(
      documents.map((document) => scopeOf(document, variables)),
      grouping,
    )
}

function compileMatch(argument: Value, context: CompileContext): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(15959, `$match takes an object. It got a ${typeWord(argument)}.`)
  const filter = parseFilter(argument)
  compileFilter(filter, matchSupport(context))
  return (documents, variables) => {
    const matches = compileFilter(filter, matchSupport(context, variables))
    return documents.filter(matches)
  }
}

function compileSortByCount(argument: Value, context: CompileContext): DocumentsToDocuments {
  requireSortByCount(argument)
  const grouping = compileGroup({ _id: argument, count: { $sum: 1 } }, context)
  return (documents, variables) =>
    sortDocuments(
      groupDocuments(
        documents.map((document) => scopeOf(document, variables)),
        grouping,
      ),
      [{ path: ['count'], descending: true }],
    )
}

function refuseWrite(name: string, { nested }: PipelineContext): DocumentsToDocuments {
  if (nested === 'facet') throw mongoError(40600, `${name} cannot stand inside $facet. Put it at the end.`)
  if (nested === 'lookup') throw mongoError(51047, `${name} cannot stand inside $lookup. Put it at the end.`)
  throw mongoError(40601, `${name} must be the last stage. Move it to the end.`)
}
