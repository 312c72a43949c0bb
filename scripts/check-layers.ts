/** Refuses each import that `layers.ts` does not allow. Usage: `check-layers.ts [root]`; ends with 1 where one is found. */

import { globSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Import, importsOf } from './imports.ts'
import {
  coreExternals,
  coreRanks,
  coreRestrictedBuiltins,
  layersThatWire,
  lowerMayNotImport,
  modelMayImport,
  mutuallyBlind,
  parserMayImport,
  usersOfThePackages,
} from './layers.ts'

/** Describes one import that a rule refuses. `path` is relative to the root of the repository. */
export type Violation = {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly message: string
}

type Refusal = { readonly rule: string; readonly message: string }

/** What the rules need to know of one import: who imports, and where a relative specifier leads. */
type Edge = {
  readonly path: string
  readonly import: Import
  /** The imported file from the root of the repository; `undefined` for a package or a builtin. */
  readonly target: string | undefined
}

/** Where in a package's `src` a path lies, as `{ package, inside }`, or `undefined`. */
function sourceOf(path: string): { readonly package: string; readonly inside: string } | undefined {
  const match = /^packages\/([^/]+)\/src\/(.+)$/.exec(path)
  return match === null ? undefined : { package: match[1] ?? '', inside: match[2] ?? '' }
}

/** The layer of core to which a path inside `src` belongs: its first folder, or the file itself. */
function layerOf(inside: string): string {
  return inside.split('/')[0] ?? inside
}

/** The npm package that a specifier names: `@a/b/c` is of `@a/b`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function checkCoreLayer(edge: Edge, from: string, to: string): Refusal | undefined {
  const [layer, other] = [layerOf(from), layerOf(to)]
  if (layer === other) return undefined
  const [rank, otherRank] = [coreRanks[layer], coreRanks[other]]
  if (rank === undefined || otherRank === undefined) {
    const unknown = rank === undefined ? layer : other
    return { rule: 'unknown-layer', message: `"${unknown}" has no rank; give it one in scripts/layers.ts` }
  }
  if (mutuallyBlind.includes(layer) && mutuallyBlind.includes(other)) {
    return { rule: 'blind', message: `${layer} and ${other} meet only through catalog and plan` }
  }
  if (otherRank < rank) return undefined
  const message = `${layer} (rank ${rank}) may not import ${other} (rank ${otherRank}): ${edge.import.specifier}`
  return { rule: 'rank', message }
}

function checkCoreExternal(specifier: string, from: string): Refusal | undefined {
  const restricted = coreRestrictedBuiltins[specifier]
  if (restricted !== undefined && !restricted.some((start) => from.startsWith(start))) {
    return { rule: 'file-system', message: `only ${restricted.join(', ')} may import ${specifier}` }
  }
  if (specifier.startsWith('node:')) return undefined
  const allowed = coreExternals[packageOf(specifier)]
  if (allowed === '*' || allowed?.includes(layerOf(from))) return undefined
  return { rule: 'external', message: `${layerOf(from)} may not import ${specifier}` }
}

function checkModelExternal(specifier: string): Refusal | undefined {
  if (!specifier.startsWith('@sheafdb/') || modelMayImport.includes(specifier)) return undefined
  return { rule: 'model-package', message: `a model imports ${modelMayImport.join(', ')}, not ${specifier}` }
}

function isPart(path: string, part: 'parser' | 'lower'): boolean {
  return new RegExp(`(^|/)language/(.*/)?${part}([-./]|$)`).test(path)
}

function checkParser({ path, import: { specifier, names }, target }: Edge): Refusal | undefined {
  if (!isPart(path, 'parser')) return undefined
  const refusal = {
    rule: 'parser',
    message: `a parser knows its syntax and errors only, not ${specifier}`,
  }
  if (target !== undefined) {
    const folder = path.slice(0, path.lastIndexOf('language/') + 'language/'.length)
    const parts = target.startsWith(folder) ? target.slice(folder.length).split('/') : []
    const known = parts.some((part) => parserMayImport.siblings.some((start) => part.startsWith(start)))
    return known || /\/errors?(\.ts|\/)/.test(target) ? undefined : refusal
  }
  if (specifier === '@sheafdb/core') {
    return names?.every((name) => parserMayImport.coreNames.test(name)) ? undefined : refusal
  }
  return parserMayImport.externals.some((name) => name === packageOf(specifier)) ? undefined : refusal
}

function checkLower({ path, import: { specifier }, target }: Edge): Refusal | undefined {
  const source = target === undefined ? undefined : sourceOf(target)
  if (source === undefined || !isPart(path, 'lower')) return undefined
  if (!lowerMayNotImport.includes(layerOf(source.inside))) return undefined
  return { rule: 'lower', message: `lowering knows syntax and plan builders, not ${specifier}` }
}

function checkBoundary({ path, import: { specifier }, target }: Edge): Refusal | undefined {
  if (target === undefined) return undefined
  const from = sourceOf(path)
  if (from !== undefined && sourceOf(target)?.package !== from.package) {
    return { rule: 'boundary', message: `src of ${from.package} may not reach out of itself: ${specifier}` }
  }
  if (usersOfThePackages.includes(layerOf(path)) && target.startsWith('packages/')) {
    return { rule: 'boundary', message: `import the package by its name, not ${specifier}` }
  }
  return undefined
}

function checkPackage(edge: Edge): Refusal | undefined {
  const from = sourceOf(edge.path)
  if (from === undefined) return undefined
  const to = edge.target === undefined ? undefined : sourceOf(edge.target)
  if (from.package === 'core') {
    if (to !== undefined) return checkCoreLayer(edge, from.inside, to.inside)
    return edge.target === undefined ? checkCoreExternal(edge.import.specifier, from.inside) : undefined
  }
  return edge.target === undefined ? checkModelExternal(edge.import.specifier) : undefined
}

/** Only the wiring files of core may see optimizer, execution and storage together. */
function checkTogether(path: string, edges: readonly Edge[]): readonly Violation[] {
  const from = sourceOf(path)
  if (from?.package !== 'core' || layersThatWire.includes(layerOf(from.inside))) return []
  const seen = new Map<string, Edge>()
  for (const edge of edges) {
    const layer = edge.target === undefined ? '' : layerOf(sourceOf(edge.target)?.inside ?? '')
    if (mutuallyBlind.includes(layer) && !seen.has(layer)) seen.set(layer, edge)
  }
  const second = [...seen.values()][1]
  if (second === undefined || mutuallyBlind.includes(layerOf(from.inside))) return []
  const message = `only ${layersThatWire.join(', ')} may see ${[...seen.keys()].join(' and ')} together`
  return [{ path, line: second.import.line, rule: 'together', message }]
}

/** Checks one file. `path` is relative to the root of the repository, with `/`. */
export function checkFile(path: string, text: string): readonly Violation[] {
  const edges = importsOf(path, text).map((one) => ({
    path,
    import: one,
    target: one.specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(path), one.specifier))
      : undefined,
  }))
  const single = edges.flatMap((edge) =>
    [checkBoundary, checkPackage, checkParser, checkLower].flatMap((check) => {
      const refusal = check(edge)
      return refusal === undefined ? [] : [{ path, line: edge.import.line, ...refusal }]
    }),
  )
  return [...single, ...checkTogether(path, edges)]
}

/** Checks every source file below `root`, the root of a repository. */
export function checkTree(root: string): {
  readonly files: number
  readonly violations: readonly Violation[]
} {
  const patterns = ['packages/*/src/**/*.ts', ...usersOfThePackages.map((folder) => `${folder}/**/*.ts`)]
  const exclude = (name: string): boolean => /(^|\/)(node_modules|dist)$/.test(name)
  const paths = globSync(patterns, { cwd: root, exclude }).map((path) => path.replaceAll('\\', '/'))
  const violations = paths.flatMap((path) => checkFile(path, readFileSync(join(root, path), 'utf8')))
  return { files: paths.length, violations }
}

function main(): void {
  const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
  const { files, violations } = checkTree(root)
  for (const { path, line, rule, message } of violations)
    console.error(`${path}:${line} [${rule}] ${message}`)
  if (files === 0) throw new Error(`There is no source file below ${root}: give the root of the repository.`)
  console.log(`Layers: ${files} files, ${violations.length} imports refused`)
  process.exitCode = violations.length === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
