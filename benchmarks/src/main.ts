/**
 * Runs the benchmarks: all of them, or those whose name starts with one of the arguments. Each workload runs in a
 * process of its own, so that none profits or suffers from what another left behind.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure, renderReports } from './harness.ts'
import { workloads } from './workloads.ts'

const wanted = process.argv.slice(2)
const [only] = wanted
const single =
  process.env['SHEAF_BENCH_ONE'] === '1' ? workloads.find((workload) => workload.name === only) : undefined

if (single !== undefined) {
  const folder = await mkdtemp(join(tmpdir(), 'sheaf-bench-'))
  try {
    console.log(renderReports([await measure(single, folder)]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
} else {
  const chosen = workloads.filter(
    (workload) => wanted.length === 0 || wanted.some((name) => workload.name.startsWith(name)),
  )
  if (chosen.length === 0) {
    console.error(
      `There is no such workload. Those there are: ${workloads.map((workload) => workload.name).join(', ')}`,
    )
    process.exitCode = 2
  }
  const [cpu] = cpus()
  console.log(`Node ${process.version}, ${cpus().length} x ${cpu?.model ?? 'unknown processor'}\n`)
  for (const workload of chosen) {
    const code = await runAlone(workload.name)
    if (code !== 0) process.exitCode = 1
    console.log('')
  }
}

function runAlone(name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] as string, [name], {
      env: { ...process.env, SHEAF_BENCH_ONE: '1' },
      execArgv: [...process.execArgv, '--expose-gc'],
    })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
