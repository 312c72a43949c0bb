import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { undocumentedExports } from '../../scripts/exports.ts'

const root = join(import.meta.dirname, '..', '..')
const sources = globSync('packages/*/src/**/*.ts', { cwd: root })
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

test('every export has a docstring', () => {
  const missing = sources.flatMap(({ path, text }) =>
    undocumentedExports(path, text).map(({ line, declaration }) => `${path}:${line} ${declaration}`),
  )
  expect(missing).toEqual([])
})

test('an export without a docstring is found, also where a plain comment or code comes before', () => {
  const text = `/** Is documented. */\nexport const a = 1\nexport const b = 2\n// words\nexport type C = 3\n
/** Is overloaded. */\nexport function d(): void\nexport function d(x?: number): void {}\nexport function e(): void {}`
  expect(undocumentedExports('x.ts', text).map((one) => one.line)).toEqual([3, 5, 10])
})

test('every error code is raised somewhere', () => {
  const path = 'packages/core/src/types/errors.ts'
  const errors = sources.find((source) => source.path === path)?.text ?? ''
  const union = /export type ErrorCode =([^=]*?)\n\n/.exec(errors)?.[1] ?? ''
  const codes = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '')
  expect(codes).toContain('INTERNAL')
  const rest = errors.replace(union, '')
  const text = [rest, ...sources.filter((source) => source.path !== path).map((source) => source.text)].join(
    '\n',
  )
  expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([])
})
