/** Packs each package as it would be published and holds it to publint and to `attw --profile esm-only`. Build first. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packages, packPackage, root } from './pack.ts'

const checks = [
  { name: 'publint', script: 'publint/src/cli.js', args: ['run', '--strict'] },
  {
    name: 'attw',
    script: '@arethetypeswrong/cli/dist/index.js',
    args: ['--profile', 'esm-only', '--format', 'ascii'],
  },
] as const

const destination = mkdtempSync(join(tmpdir(), 'sheaf-packages-'))
try {
  for (const name of packages) {
    const archive = packPackage(name, destination)
    for (const check of checks) {
      const script = join(root, 'node_modules', check.script)
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...check.args, archive], {
        encoding: 'utf8',
      })
      console.log(`${check.name} @sheafdb/${name}: ${status === 0 ? 'good' : 'refused'}`)
      if (status === 0) continue
      console.error(stdout, stderr)
      process.exitCode = 1
    }
  }
} finally {
  rmSync(destination, { recursive: true, force: true })
}
