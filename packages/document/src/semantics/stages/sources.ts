import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseExpression } from '../../language/parser-expression.ts'
import { parsePipeline } from '../../language/parser-pipeline.ts'
import { isPlain } from '../../language/parser-values.ts'
import type { StageSyntax } from '../../language/syntax.ts'
import { compileExpression, scopeOf } from '../expression.ts'
import type { CompileContext } from '../scope.ts'
import { bsonType, type Document, isDocument } from '../value.ts'
import type { DocumentsToDocuments, PipelineContext } from './context.ts'

/** Compiles `$unionWith`. */
export function compileUnionWith(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
  const parts = typeof argument === 'string' ? { coll: argument } : argument
  if (!isPlain(parts)) throw mongoError(9, '$unionWith takes a name or an object. Give it a coll.')
  for (const key of Object.keys(parts)) {
    if (key !== 'coll' && key !== 'pipeline') throw mongoError(40415, `$unionWith has no such part: ${key}`)
  }
  const { coll, pipeline: stages = [] } = parts
  if (coll !== undefined && typeof coll !== 'string') throw mongoError(14, "$unionWith's coll is a text.")
  const run = pipeline.compile(parsePipeline(stages), { ...pipeline, nested: pipeline.nested || 'lookup' })
  return (documents, variables) => [
    ...documents,
    ...run(coll === undefined ? [] : pipeline.collection(coll), variables),
  ]
}

/** Compiles `$documents`. */
export function compileDocuments(argument: Value, context: CompileContext): DocumentsToDocuments {
  const evaluate = compileExpression(parseExpression(argument), context)
  return (_, variables) => {
    const list = evaluate(scopeOf({}, variables))
    if (!Array.isArray(list))
      throw mongoError(5858203, '$documents takes an array of documents. Give it one.')
    for (const item of list) {
      if (!isDocument(item))
        throw mongoError(40228, `$documents takes documents. It got a ${bsonType(item)}.`)
    }
    return list as Document[]
  }
}

/** Names the other collections that a pipeline reads. */
export function collectionsOf(stages: readonly StageSyntax[], into: Set<string> = new Set()): Set<string> {
  for (const { name, argument } of stages) {
    if (name === '$unionWith' && typeof argument === 'string') into.add(argument)
    if (!isPlain(argument)) continue
    if (name === '$facet') {
      for (const inner of Object.values(argument)) collectNested(inner, into)
      continue
    }
    const { from, coll, pipeline } = argument
    if ((name === '$lookup' || name === '$graphLookup') && typeof from === 'string') into.add(from)
    if (name === '$unionWith' && typeof coll === 'string') into.add(coll)
    collectNested(pipeline, into)
  }
  return into
}

function collectNested(pipeline: Value, into: Set<string>): void {
  if (!Array.isArray(pipeline)) return
  const stages = pipeline
    .filter(isPlain)
    .flatMap((stage) => Object.entries(stage).map(([name, argument]) => ({ name, argument })))
  collectionsOf(stages, into)
}
