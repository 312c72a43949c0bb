import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { programsOf } from '../../scripts/readme-code.ts'

const root = join(import.meta.dirname, '..', '..')
const timeoutMs = 120_000

/**
 * Runs a program in an empty folder, where imports of `@sheafdb/*` lead to the sources.
 * Gives what it wrote to its error stream, and its exit code.
 */
function run(text: string, name: string): { readonly code: number | null; readonly error: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-docs-'))
  try {
    const [file, work] = [join(folder, `${name}.mts`), join(folder, 'work')]
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
    mkdirSync(work)
    writeFileSync(file, text)
    const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', file]
    const result = spawnSync(process.execPath, args, { cwd: work, encoding: 'utf8', timeout: timeoutMs })
    return { code: result.status, error: result.error?.message ?? result.stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const documents = globSync(['README.md', 'packages/*/README.md', 'docs/*.md'], { cwd: root }).sort()
const programs = documents.flatMap((path) =>
  programsOf(readFileSync(join(root, path), 'utf8')).map((program) => ({ path, ...program })),
)

test.each(programs)(
  'the code of $path from line $firstLine runs',
  ({ path, text }) => {
    expect(run(text, basename(path))).toEqual({ code: 0, error: expect.any(String) })
  },
  timeoutMs,
)

describe('the reader of fences', () => {
  const markdown = [
    '# Title',
    '```ts',
    "import { join } from 'node:path'",
    "const a: string = join('a', 'b')",
    '```',
    '```ts no-run',
    'this is not code',
    '```',
    '```sh',
    'ls',
    '```',
    '```ts',
    "import { join, dirname } from 'node:path'",
    'if (dirname(a) !== "a" || join("a", "b") !== a) throw new Error("the first fence was not run")',
    '```',
    '```ts separate',
    'const a = 1',
    "throw new Error('separate ' + a)",
    '```',
  ].join('\n')

  test('makes one program of the fences of a file, and another from each separate one', () => {
    expect(programsOf(markdown).map((program) => program.firstLine)).toEqual([3, 17])
  })

  test('imports once what two fences import, and runs the fences in order', () => {
    expect(run(programsOf(markdown)[0]?.text ?? '', 'first')).toEqual({ code: 0, error: '' })
  })

  test('a fence that throws fails, and its error names the line of the document', () => {
    const { code, error } = run(programsOf(markdown)[1]?.text ?? '', 'second')
    expect(code).toBe(1)
    expect(error).toContain('separate 1')
    expect(error).toMatch(/second\.mts:18/)
  })

  test('imports of the packages lead to their sources', () => {
    const text = `const at = import.meta.resolve('@sheafdb/core')
if (!at.endsWith('packages/core/src/index.ts')) throw new Error(at)`
    expect(run(text, 'sources')).toEqual({ code: 0, error: '' })
  })
})
