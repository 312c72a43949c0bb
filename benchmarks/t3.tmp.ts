import { mkdtempSync, rmSync } from 'node:fs'
import { loadAll, openSheaf } from './engines/key-value.ts'
import { keyOf, shuffled, smallEntries } from './workloads/kv-data.ts'

const folder = mkdtempSync('/tmp/kvtensor/t')
const entries = [...smallEntries(20000)]
const e = await openSheaf(folder, 'buffered')
let t = performance.now()
await loadAll(e, entries)
console.log(e.engine, 'load', performance.now() - t)
t = performance.now()
for (let i = 0; i < 15000; i++) await e.put(keyOf(i % 20000), 'v'.repeat(100))
console.log('update alone, buffered', ((performance.now() - t) / 15000) * 1000, 'us')
await e.close()
rmSync(folder, { recursive: true })
