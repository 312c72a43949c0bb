import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPackages, packPackage, root } from '../../scripts/pack.ts'

const timeoutMs = 180_000

/** A user's program: it writes to a store on disk, opens it again, and reads. */
const program = `
import { openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'

const first = await openStore('./alone.sheaf', { models: [kv()] })
await first.kv('sessions').put('user:1', { name: 'Ada' })
await first.close()

const second = await openStore('./alone.sheaf', { models: [kv()] })
const value = await second.kv('sessions').get('user:1')
const rows = await second.kv('sessions').range({ gte: 'user:', lt: 'user;' }).rows()
await second.close()
console.log(JSON.stringify({ value, rows }))
`

/** What a user's compiler must make of the declarations: the model that was passed, and no other. */
const typedProgram = `
import { openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'

const store = await openStore(':memory:', { models: [kv()] })
export const value: Promise<unknown> = store.kv('sessions').get('user:1')
// @ts-expect-error graph() was not passed
store.graph('social')
`

describe('core and kv installed alone', () => {
  let folder = ''
  let app = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sheaf-alone-'))
    app = join(folder, 'app')
    mkdirSync(app)
    buildPackages(['core', 'kv'])
    const archives = ['core', 'kv'].map((name) => packPackage(name, join(folder, 'archives')))
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>
    }
    writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n')
    writeFileSync(join(app, 'main.js'), program)
    writeFileSync(join(app, 'typed.ts'), typedProgram)
    const arrow = `apache-arrow@${devDependencies['apache-arrow']}`
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...archives, arrow]
    execFileSync('npm', args, { cwd: app, shell: process.platform === 'win32', stdio: 'pipe' })
  }, timeoutMs)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('put and get in a store on disk', () => {
    const output = execFileSync(process.execPath, ['main.js'], { cwd: app, encoding: 'utf8' })
    const value = { name: 'Ada' }
    expect(JSON.parse(output)).toEqual({ value, rows: [{ key: 'user:1', value }] })
  })

  test('their declarations give the store the model that was passed, and no other', () => {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck']
    const args = [compiler, ...flags, 'typed.ts']
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  test('bring these two packages of ours, and no DuckDB', () => {
    const names = globSync('node_modules/**/package.json', { cwd: app }).map((path) =>
      path.replaceAll('\\', '/').replace(/^.*node_modules\/|\/package\.json$/g, ''),
    )
    expect(names).toContain('apache-arrow')
    expect(names.filter((name) => name.startsWith('@sheafdb/')).sort()).toEqual([
      '@sheafdb/core',
      '@sheafdb/kv',
    ])
    expect(names.filter((name) => /duckdb/i.test(name))).toEqual([])
  })
})
