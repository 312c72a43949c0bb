import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkTree } from '../../scripts/check-layers.ts'

const root = join(import.meta.dirname, '..', '..')
const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')

/** One forbidden import. `biome` or `rule` is missing where that tool cannot or need not see it. */
type Case = {
  readonly name: string
  readonly path: string
  readonly text: string
  readonly biome?: string
  readonly rule?: string
}

const restricted = 'lint/style/noRestrictedImports'
const ranks = ['types', 'expression', 'plan', 'catalog', 'execution', 'transaction', 'model'] as const
const core = 'packages/core/src'

/** Each layer importing the one above it. */
const upward: readonly Case[] = ranks.slice(0, -1).map((layer, index) => ({
  name: `${layer} importing ${ranks[index + 1]}`,
  path: `${core}/${layer}/upward.ts`,
  text: `import type { X } from '../${ranks[index + 1]}/x.ts'\nexport type Y = X\n`,
  biome: restricted,
  rule: 'rank',
}))

const blindPairs = ['optimizer', 'execution', 'storage'].flatMap((from, _, all) =>
  all.filter((to) => to !== from).map((to) => ({ from, to })),
)

const blind: readonly Case[] = blindPairs.map(({ from, to }) => ({
  name: `${from} importing ${to}, from a nested folder`,
  path: `${core}/${from}/nested/blind-to-${to}.ts`,
  text: `export { x } from '../../${to}/x.ts'\n`,
  biome: restricted,
  rule: 'blind',
}))

const others: readonly Case[] = [
  {
    name: 'model importing store.ts',
    path: `${core}/model/wiring.ts`,
    text: `export { x } from '../store.ts'\n`,
    biome: restricted,
    rule: 'rank',
  },
  {
    name: 'a layer importing the public index',
    path: `${core}/plan/public.ts`,
    text: `export { x } from '../index.ts'\n`,
    rule: 'rank',
  },
  {
    name: 'a type taken by import() from a higher layer',
    path: `${core}/types/by-type.ts`,
    text: `export type X = import('../plan/x.ts').X\n`,
    rule: 'rank',
  },
  {
    name: 'a dynamic import of a higher layer',
    path: `${core}/types/dynamic.ts`,
    text: `export const load = (): Promise<unknown> => import('../plan/x.ts')\n`,
    biome: restricted,
    rule: 'rank',
  },
  {
    name: 'a file other than store.ts seeing execution and storage together',
    path: `${core}/model/together.ts`,
    text: `export { x } from '../execution/x.ts'\nexport { y } from '../storage/y.ts'\n`,
    rule: 'together',
  },
  {
    name: 'a folder of core without a rank',
    path: `${core}/misc/x.ts`,
    text: `export { x } from '../types/x.ts'\n`,
    rule: 'unknown-layer',
  },
  {
    name: 'core importing a package that it does not list',
    path: `${core}/types/foreign.ts`,
    text: `export { x } from 'lodash'\n`,
    rule: 'external',
  },
  {
    name: 'core importing koffi outside of storage',
    path: `${core}/execution/native.ts`,
    text: `export { x } from 'koffi'\n`,
    rule: 'external',
  },
  {
    name: 'node:fs outside of the real file system',
    path: `${core}/storage/log/direct.ts`,
    text: `export { readFileSync } from 'node:fs'\n`,
    rule: 'file-system',
  },
  {
    name: 'core importing a model package',
    path: `${core}/model/models.ts`,
    text: `export { kv } from '@sheafdb/kv'\n`,
    biome: restricted,
    rule: 'external',
  },
  {
    name: 'a model package importing another',
    path: 'packages/graph/src/api/other-model.ts',
    text: `import type { X } from '@sheafdb/rdf'\nexport type Y = X\n`,
    biome: restricted,
    rule: 'model-package',
  },
  {
    name: 'a model package reaching into core past its exports',
    path: 'packages/graph/src/api/reaching.ts',
    text: `export { x } from '../../../core/src/types/x.ts'\n`,
    rule: 'boundary',
  },
  {
    name: 'a parser importing plan builders',
    path: 'packages/graph/src/language/parser.ts',
    text: `export { filter } from '@sheafdb/core'\n`,
    rule: 'parser',
  },
  {
    name: 'a parser importing its layout',
    path: 'packages/rdf/src/language/parser.ts',
    text: `export { x } from '../layout/x.ts'\n`,
    biome: restricted,
    rule: 'parser',
  },
  {
    name: 'a parser importing lowering',
    path: 'packages/kv/src/language/parser/part.ts',
    text: `export { x } from '../lower.ts'\n`,
    rule: 'parser',
  },
  {
    name: 'lowering importing the model',
    path: 'packages/graph/src/language/lower.ts',
    text: `export { x } from '../model.ts'\n`,
    biome: restricted,
    rule: 'lower',
  },
  {
    name: 'an example importing the source of a package by its path',
    path: 'examples/shop/src/main.ts',
    text: `export { x } from '../../../packages/core/src/index.ts'\n`,
    rule: 'boundary',
  },
  {
    name: 'a cycle of type imports',
    path: `${core}/plan/first.ts`,
    text: `import type { B } from './second.ts'\nexport type A = B | 1\n`,
    biome: 'lint/suspicious/noImportCycles',
  },
  {
    name: 'the other half of that cycle',
    path: `${core}/plan/second.ts`,
    text: `import type { A } from './first.ts'\nexport type B = A | 2\n`,
    biome: 'lint/suspicious/noImportCycles',
  },
]

/** What the rules must leave alone. */
const allowed: readonly Omit<Case, 'name'>[] = [
  {
    path: `${core}/execution/fine.ts`,
    text: `export { x } from '../plan/x.ts'\nexport { y } from './y.ts'\n`,
  },
  { path: `${core}/execution/nested/fine.ts`, text: `export { z } from '../../types/z.ts'\n` },
  { path: `${core}/storage/file-system/real.ts`, text: `export { openSync } from 'node:fs'\n` },
  { path: `${core}/storage/compress.ts`, text: `export { zstdCompressSync } from 'node:zlib'\n` },
  { path: `${core}/types/arrow.ts`, text: `export { Schema } from 'apache-arrow'\n` },
  {
    path: `${core}/store.ts`,
    text: `export { a } from './execution/a.ts'\nexport { b } from './storage/b.ts'\n`,
  },
  {
    path: 'packages/document/src/language/parser.ts',
    text: `export { SyntaxFailure } from './syntax.ts'\nexport { SheafError } from '@sheafdb/core'\n`,
  },
  {
    path: 'packages/document/src/language/lower.ts',
    text: `export { filter } from '@sheafdb/core'\nexport { Syntax } from './syntax.ts'\n`,
  },
  { path: 'examples/good/src/main.ts', text: `export { openStore } from '@sheafdb/core'\n` },
]

const cases = [...upward, ...blind, ...others]

type Found = { readonly path: string; readonly category: string }

/** Runs Biome's linter in a folder and gives what it refuses, by path and category. */
function lint(folder: string): readonly Found[] {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [biome, 'lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'],
    { cwd: folder, encoding: 'utf8' },
  )
  if (status === null || !stdout.startsWith('{')) throw new Error(`Biome did not run: ${stderr}`)
  const report = JSON.parse(stdout) as {
    readonly diagnostics: readonly {
      readonly category: string
      readonly location: { readonly path: string | { readonly file: string } }
    }[]
  }
  return report.diagnostics.map(({ category, location }) => ({
    category,
    path: typeof location.path === 'string' ? location.path : location.path.file,
  }))
}

describe('the layering rules', () => {
  let folder = ''
  let byBiome: readonly Found[] = []
  let byLayers: readonly Found[] = []

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sheaf-layers-'))
    cpSync(join(root, 'biome.json'), join(folder, 'biome.json'))
    for (const { path, text } of [...cases, ...allowed]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    byBiome = lint(folder)
    byLayers = checkTree(folder).violations.map(({ path, rule }) => ({ path, category: rule }))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(cases.filter((one) => one.biome !== undefined))('Biome refuses $name', ({ path, biome }) => {
    expect(byBiome).toContainEqual({ path, category: biome })
  })

  test.each(cases.filter((one) => one.rule !== undefined))('check-layers refuses $name', ({ path, rule }) => {
    expect(byLayers).toContainEqual({ path, category: rule })
  })

  test.each(allowed)('what $path imports is allowed', ({ path }) => {
    expect(byLayers.filter((found) => found.path === path)).toEqual([])
    expect(byBiome.filter((found) => found.path === path)).toEqual([])
  })

  test('the check ends with 1 where an import is refused, and names file, line and rule', () => {
    const script = join(root, 'scripts', 'check-layers.ts')
    const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain(`${core}/types/upward.ts:1 [rank]`)
  })
})

describe('this repository', () => {
  test('has no import that the layering rules refuse', () => {
    const { files, violations } = checkTree(root)
    expect(violations).toEqual([])
    expect(files).toBeGreaterThan(7)
  })

  test('has no import that Biome refuses', () => {
    const args = [biome, 'lint', '--only=style/noRestrictedImports', '--only=suspicious/noImportCycles', '.']
    expect(() => execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' })).not.toThrow()
  })
})
