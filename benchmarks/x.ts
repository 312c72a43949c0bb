import { measure, renderReports } from './src/harness.ts'
import { mkdtempSync, rmSync } from 'node:fs'
const [m, n] = process.argv.slice(2) as [string, string]
const w = (await import(`./workloads/${m}.ts`))[n]
const f = mkdtempSync('/tmp/bench-')
try { console.log(renderReports([await measure(w, f)])) } finally { rmSync(f, { recursive: true, force: true }) }
