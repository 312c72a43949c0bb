// Runs `npm start`, `npm test` and `pnpm bench` on a machine that has Node >= 20 and npm, and nothing else.
// Plain JavaScript without dependencies on purpose: it must run before anything is installed.

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stampPath = join(root, 'node_modules', '.sheaf-lock')
const isWindows = process.platform === 'win32'

/** Says, for each command, what Node is to run: a file from the root of the repository, and its first arguments. */
const commands = {
  start: ['examples/air-traffic/src/main.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  bench: ['benchmarks/src/main.ts'],
  coverage: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.coverage.config.ts', '--coverage'],
  run: [],
  install: [],
}

/** Names the commands that need the engines that benchmarks compare with: half a gigabyte that no one else needs. */
const needPeers = ['bench', 'install']

/** Fails with one line that says what to do. */
function fail(message) {
  console.error(message)
  process.exit(1)
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
}

/** Reads the exact pnpm of `packageManager`, so that its version stands in one place. */
function pnpmVersion() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager
}

/** Installs from the lock file where `node_modules` does not come from this very lock file, or lacks the peers. */
function installIfNeeded(withPeers) {
  const [hash, complete] = [lockHash(), ' with peers']
  const installed = existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : ''
  if (installed === hash + complete || (installed === hash && !withPeers)) return
  const what = withPeers ? 'the dependencies and the peers of the benchmarks' : 'the dependencies'
  console.error(`Installing ${what} of pnpm-lock.yaml (once, and after the lock file changes) …`)
  const filter = withPeers ? [] : ['--filter', isWindows ? '"!sheaf-benchmarks"' : '!sheaf-benchmarks']
  const { status, stdout, stderr, error } = spawnSync(
    'npx',
    ['-y', pnpmVersion(), 'install', '--frozen-lockfile', ...filter],
    { cwd: root, shell: isWindows, encoding: 'utf8', env: { ...process.env, CI: 'true' } },
  )
  if (error || status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
    fail(`The installation failed${error ? ` (${error.message})` : ''}. Check the network and run it again.`)
  }
  writeFileSync(stampPath, withPeers ? hash + complete : hash)
}

/**
 * Chooses the machine's own Node where it strips types from TypeScript (22.18, with a flag 22.15), else the pinned one.
 * Odd majors are not supported by the test runner, so they get the pinned one too.
 */
function chooseNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const supported = major % 2 === 0 && (major > 22 || (major === 22 && minor >= 15))
  if (supported) {
    const quiet = major === 22 ? ['--disable-warning=ExperimentalWarning'] : []
    const strip = major === 22 && minor < 18 ? ['--experimental-strip-types'] : []
    return { node: process.execPath, options: [...quiet, ...strip] }
  }
  const node = join(root, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node')
  if (!existsSync(node)) fail(`The pinned Node is missing at ${node}. Remove node_modules and run it again.`)
  return { node, options: [] }
}

/** Passes signals on to the child; the terminal itself sends Ctrl-C to both. */
function forwardSignals(child) {
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
}

/** Ends as the child ended: with its exit code, or by its signal. */
function endLike(code, signal) {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

const [name = '', ...rest] = process.argv.slice(2)
if (!Object.hasOwn(commands, name)) {
  fail(`Unknown command "${name}". Use one of: ${Object.keys(commands).join(', ')}.`)
}
const [file = '', ...fixed] = [...commands[name], ...rest]
installIfNeeded(needPeers.includes(name))
if (name === 'install') process.exit(0)
if (!existsSync(join(root, file)) || file === '') fail(`There is no file to run at "${file}".`)
const { node, options } = chooseNode()
const child = spawn(node, ['--conditions=source', join(root, file), ...fixed], {
  cwd: root,
  stdio: 'inherit',
  // By the environment, so that the processes that it starts have these options too.
  env: { ...process.env, NODE_OPTIONS: [process.env.NODE_OPTIONS, ...options].filter(Boolean).join(' ') },
})
child.on('error', (error) => fail(`${node} does not start: ${error.message}`))
child.on('exit', endLike)
forwardSignals(child)
