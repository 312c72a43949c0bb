import { mongoError } from './errors.ts'
import { isPlain, typeWord } from './parser-values.ts'
import type { StageSyntax, Value } from './syntax.ts'

/** Names the stages that this package knows. */
export const STAGE_NAMES: ReadonlySet<string> = new Set([
  '$match',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$group',
  '$sort',
  '$limit',
  '$skip',
  '$unwind',
  '$lookup',
  '$graphLookup',
  '$facet',
  '$bucket',
  '$bucketAuto',
  '$sortByCount',
  '$count',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
  '$setWindowFields',
  '$sample',
  '$unionWith',
  '$geoNear',
  '$merge',
  '$out',
  '$densify',
  '$fill',
  '$documents',
])

const MOST_STAGES = 1000

/** Parses a pipeline: the names of its stages are checked, their arguments are not yet. @throws MongoDB's error */
export function parsePipeline(pipeline: Value): StageSyntax[] {
  if (!Array.isArray(pipeline))
    throw mongoError(14, `A pipeline is an array of stages. It is a ${typeWord(pipeline)}.`)
  if (pipeline.length > MOST_STAGES)
    throw mongoError(7749501, `A pipeline has at most ${MOST_STAGES} stages. Split it.`)
  return pipeline.map(parseStage)
}

function parseStage(stage: Value): StageSyntax {
  if (!isPlain(stage)) throw mongoError(14, `A stage is an object. It is a ${typeWord(stage)}.`)
  const entries = Object.entries(stage)
  const [first] = entries
  if (first === undefined || entries.length !== 1)
    throw mongoError(
      40323,
      'A stage is an object with exactly one field. Give each stage an object of its own.',
    )
  const [name, argument] = first
  if (!STAGE_NAMES.has(name))
    throw mongoError(40324, `There is no stage of this name. Check its spelling: ${name}`)
  return { name, argument }
}
