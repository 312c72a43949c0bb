import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root of this repository. */
export const root: string = join(import.meta.dirname, '..')

/** Names the packages that are published, core first. */
export const packages: readonly string[] = ['core', 'relational', 'document', 'graph', 'rdf', 'tensor', 'kv']

function run(command: string, args: readonly string[], cwd: string): string {
  const shell = process.platform === 'win32'
  return execFileSync(command, args, { cwd, shell, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Builds `dist` of some packages and of what they depend on. Throws with the compiler's words where that fails. */
export function buildPackages(names: readonly string[]): void {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const folders = names.map((name) => join(root, 'packages', name))
  run(process.execPath, [compiler, '--build', ...folders], root)
}

/** Packs a built package as it would be published and gives the path of the archive. */
export function packPackage(name: string, destination: string): string {
  mkdirSync(destination, { recursive: true })
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly packageManager: string
  }
  const folder = join(root, 'packages', name)
  const output = run(
    'npx',
    ['-y', packageManager, 'pack', '--json', '--pack-destination', destination],
    folder,
  )
  const { filename } = JSON.parse(output) as { readonly filename: string }
  return filename
}
