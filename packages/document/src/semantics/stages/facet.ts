import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parsePipeline } from '../../language/parser-pipeline.ts'
import { isPlain } from '../../language/parser-values.ts'
import type { DocumentsToDocuments, PipelineContext } from './context.ts'

const NOT_IN_FACET = new Set(['$facet', '$out', '$merge', '$documents'])

/** Compiles `$facet`. */
export function compileFacet(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
  if (!isPlain(argument) || Object.keys(argument).length === 0)
    throw mongoError(40169, '$facet takes an object that is not empty. Give it pipelines.')
  const facets = Object.entries(argument).map(([name, stages]) => {
    if (name.startsWith('$')) throw mongoError(16410, `A facet must not start with '$'. Rename it: ${name}`)
    if (name.includes('.')) throw mongoError(16412, `A facet must not hold a dot. Rename it: ${name}`)
    if (!Array.isArray(stages)) throw mongoError(40170, `A facet is an array of stages. Correct: ${name}`)
    for (const stage of stages)
      if (!isPlain(stage)) throw mongoError(40171, `A stage of a facet is an object: ${name}`)
    const parsed = parsePipeline(stages)
    const odd = parsed.find((stage) => NOT_IN_FACET.has(stage.name))
    if (odd !== undefined) throw mongoError(40600, `${odd.name} cannot stand inside $facet. Move it out.`)
    return [name, pipeline.compile(parsed, { ...pipeline, nested: 'facet' })] as const
  })
  return (documents, variables) => [
    Object.fromEntries(facets.map(([name, run]) => [name, run(documents, variables)])),
  ]
}
