import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const script = join(import.meta.dirname, '..', '..', 'scripts', 'run.mjs')

/** A repository with nothing in it, and an `npx` that only notes how it was called. */
describe.skipIf(process.platform === 'win32')('scripts/run.mjs', () => {
  let folder = ''
  let environment: NodeJS.ProcessEnv = {}

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sheaf-run-'))
    mkdirSync(join(folder, 'scripts'))
    mkdirSync(join(folder, 'bin'))
    cpSync(script, join(folder, 'scripts', 'run.mjs'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "packageManager": "pnpm@1.2.3" }')
    writeFileSync(join(folder, 'pnpm-lock.yaml'), 'first')
    setNpx('exit 0')
    environment = { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` }
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function setNpx(ending: string): void {
    const path = join(folder, 'bin', 'npx')
    writeFileSync(
      path,
      `#!/bin/sh\nmkdir -p node_modules\necho "$@" >> calls\necho words of pnpm\n${ending}\n`,
    )
    chmodSync(path, 0o755)
  }

  function calls(): readonly string[] {
    const path = join(folder, 'calls')
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
  }

  function run(...args: string[]) {
    return spawnSync(process.execPath, ['scripts/run.mjs', ...args], {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
    })
  }

  test('installs from the lock file once, with one line, and again when the lock file changes', () => {
    writeFileSync(join(folder, 'main.ts'), 'export {}')
    const install = '-y pnpm@1.2.3 install --frozen-lockfile --filter !sheaf-benchmarks'
    expect(run('run', 'main.ts').stderr).toMatch(/^Installing .*\n$/)
    expect(calls()).toEqual([install])
    expect(run('run', 'main.ts').stderr).toBe('')
    expect(calls()).toEqual([install])
    writeFileSync(join(folder, 'pnpm-lock.yaml'), 'second')
    expect(run('run', 'main.ts').status).toBe(0)
    expect(calls()).toEqual([install, install])
  })

  test('brings the peers of the benchmarks for those alone, and keeps them', () => {
    const [without, all] = [
      '-y pnpm@1.2.3 install --frozen-lockfile --filter !sheaf-benchmarks',
      '-y pnpm@1.2.3 install --frozen-lockfile',
    ]
    writeFileSync(join(folder, 'main.ts'), 'export {}')
    for (const args of [['run', 'main.ts'], ['install'], ['run', 'main.ts'], ['bench']]) run(...args)
    expect(calls()).toEqual([without, all])
  })

  test('an installation that fails shows its words, is not remembered, and ends with 1', () => {
    setNpx('exit 7')
    writeFileSync(join(folder, 'main.ts'), 'export {}')
    const { status, stderr } = run('run', 'main.ts')
    expect(status).toBe(1)
    expect(stderr).toContain('words of pnpm')
    expect(stderr).toContain('Check the network')
    run('run', 'main.ts')
    expect(calls()).toHaveLength(2)
  })

  test('runs TypeScript with the source condition, and passes arguments and the exit code on', () => {
    const text = `const all: string[] = [...process.argv.slice(2), ...process.execArgv]
      console.log(all.join(' ')); process.exitCode = 5`
    writeFileSync(join(folder, 'main.ts'), text)
    const { status, stdout } = run('run', 'main.ts', 'one', '--two')
    expect(stdout).toMatch(/^one --two .*--conditions=source\n$/)
    expect(status).toBe(5)
  })

  test('an unknown command names the known ones', () => {
    const { status, stderr } = run('sing')
    expect(status).toBe(1)
    expect(stderr).toContain(
      'Unknown command "sing". Use one of: start, test, bench, coverage, run, install.',
    )
  })

  test('a command whose file is missing says which', () => {
    expect(run('bench')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('benchmarks/src/main.ts'),
    })
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('passes %s on and ends by it', async (signal) => {
    writeFileSync(join(folder, 'main.ts'), 'console.log("ready"); setInterval(() => {}, 1000)')
    run('run', 'none')
    const child = spawn(process.execPath, ['scripts/run.mjs', 'run', 'main.ts'], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([null, signal])
  })
})
