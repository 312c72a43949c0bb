import { mongoError } from './errors.ts'
import { parseJsonPatch } from './parser-json-patch.ts'
import { parsePipeline } from './parser-pipeline.ts'
import { isPlain, typeWord } from './parser-values.ts'
import type { UpdateOperation, UpdateSyntax, Value } from './syntax.ts'

const OPERATORS: ReadonlySet<string> = new Set([
  '$set',
  '$unset',
  '$inc',
  '$mul',
  '$min',
  '$max',
  '$rename',
  '$currentDate',
  '$setOnInsert',
  '$push',
  '$pull',
  '$pullAll',
  '$addToSet',
  '$pop',
  '$bit',
])

const PIPELINE_STAGES: ReadonlySet<string> = new Set([
  '$addFields',
  '$set',
  '$project',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
])

/** Parses an update of operators or a pipeline. @throws MongoDB's error */
export function parseUpdate(update: Value): UpdateSyntax {
  if (Array.isArray(update)) return parseUpdatePipeline(update)
  if (!isPlain(update))
    throw mongoError(9, `An update is an object or a pipeline. It is a ${typeWord(update)}.`)
  const entries = Object.entries(update)
  const [first] = entries
  if (first !== undefined && !first[0].startsWith('$'))
    throw mongoError(
      9,
      `An update starts with an operator. Use replaceOne to put a document in place: ${first[0]}`,
    )
  const patch = parsePatch(entries)
  if (patch !== null) return patch
  const operations = entries.flatMap(([operator, fields]) => parseOperator(operator, fields))
  checkConflicts(operations)
  return { kind: 'operators', operations }
}

/** Parses `{ $jsonPatch: […] }` and `{ $mergePatch: {…} }`, which stand alone. */
function parsePatch(entries: readonly (readonly [string, Value])[]): UpdateSyntax | null {
  const found = entries.find(([name]) => name === '$jsonPatch' || name === '$mergePatch')
  if (found === undefined) return null
  const [name, patch] = found
  if (entries.length > 1) throw mongoError(9, `${name} stands alone in an update. Leave the others out.`)
  if (name === '$jsonPatch') return { kind: 'patch', operations: parseJsonPatch(patch) }
  if (!isPlain(patch)) throw mongoError(9, `$mergePatch takes an object. It got a ${typeWord(patch)}.`)
  return { kind: 'merge-patch', patch }
}

function parseUpdatePipeline(update: readonly Value[]): UpdateSyntax {
  const stages = parsePipeline(update)
  for (const { name } of stages) {
    if (!PIPELINE_STAGES.has(name))
      throw mongoError(
        72,
        `This stage cannot stand in an update. Use $set, $unset, $project or $replaceWith: ${name}`,
      )
  }
  return { kind: 'pipeline', stages }
}

function parseOperator(operator: string, fields: Value): UpdateOperation[] {
  if (!OPERATORS.has(operator))
    throw mongoError(9, `There is no update operator of this name. Check its spelling: ${operator}`)
  if (!isPlain(fields))
    throw mongoError(9, `${operator} takes an object of fields. It got a ${typeWord(fields)}.`)
  return Object.entries(fields).map(([path, argument]) => {
    checkPath(path)
    return { operator, path, argument }
  })
}

/** Checks the path of an update. @throws EmptyFieldName, DollarPrefixedFieldName, BadValue */
export function checkPath(path: string): void {
  const parts = path.split('.')
  if (parts.includes(''))
    throw mongoError(56, `A path of an update has an empty name. Name each step: ${path}`)
  parts.forEach((part, index) => {
    if (!part.startsWith('$')) return
    if (part === '$' || /^\$\[[^\]]*\]$/.test(part)) {
      if (index === 0)
        throw mongoError(2, `A positional operator cannot stand first in a path. Name the array: ${path}`)
      return
    }
    if (index === 0) throw mongoError(52, `A path of an update must not start with '$'. Rename it: ${path}`)
  })
}

/** Refuses two operations of which one is on the other's path or below it. */
function checkConflicts(operations: readonly UpdateOperation[]): void {
  const paths = operations.flatMap(({ operator, path, argument }) =>
    operator === '$rename' && typeof argument === 'string' ? [path, argument] : [path],
  )
  const sorted = [...paths].sort()
  for (let at = 1; at < sorted.length; at += 1) {
    const [before, path] = [sorted[at - 1] as string, sorted[at] as string]
    const other = path === before ? before : paths.find((each) => path.startsWith(`${each}.`))
    if (other !== undefined)
      throw mongoError(
        40,
        `An update changes a path and what lies on it. Change one of them: ${other}, ${path}`,
      )
  }
}

/** Refuses a replacement that is no plain document. */
export function parseReplacement(replacement: Value): UpdateSyntax {
  if (!isPlain(replacement))
    throw mongoError(9, `A replacement is an object. It is a ${typeWord(replacement)}.`)
  const [first] = Object.keys(replacement)
  if (first?.startsWith('$'))
    throw mongoError(9, 'A replacement must not hold operators. Use an update instead.')
  return { kind: 'replacement', document: replacement }
}
