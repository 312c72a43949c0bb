import { mkdtempSync, rmSync } from 'node:fs'
import { loadAll, openLmdb, openMap, openSheaf } from '/work/wt/kvtensor/benchmarks/engines/key-value.ts'
import { keyOf, shuffled, smallEntries } from '/work/wt/kvtensor/benchmarks/workloads/kv-data.ts'

const folder = mkdtempSync('/tmp/kvtensor/t')
const N = Number(process.argv[2] ?? 500000)
const entries = [...smallEntries(N)]
const keys = Array.from(shuffled(N - 100).subarray(0, 100000), keyOf)
for (const open of [openSheaf, openLmdb, openMap] as any[]) {
  const e = await open(folder, 'buffered')
  let t = performance.now()
  await loadAll(e, entries)
  console.log(e.engine, 'load', performance.now() - t)
  for (let r = 0; r < 4; r++) {
    const t = performance.now()
    let total = 0
    for (const key of keys) total += e.get(key).charCodeAt(7)
    console.log(e.engine, 'get', ((performance.now() - t) / keys.length) * 1000, 'us', total)
  }
  if (e.engine === 'Map') break
  for (let r = 0; r < 3; r++) {
    const t = performance.now()
    let total = 0
    for (let i = 0; i < 200; i++) total += await e.scan(keys[i], { limit: 100 })
    console.log(e.engine, 'range', ((performance.now() - t) / 200) * 1000, 'us', total)
  }
  t = performance.now()
  for (let i = 0; i < 2000; i++) await e.put(keyOf(i), 'v'.repeat(100))
  console.log('update alone, buffered', ((performance.now() - t) / 2000) * 1000, 'us')
  t = performance.now()
  const ps = []
  for (let i = 0; i < 20000; i++) ps.push(e.put(keyOf(600000 + i), 'v'.repeat(100)))
  await Promise.all(ps)
  console.log('puts together', ((performance.now() - t) / 20000) * 1000, 'us each')
  t = performance.now()
  await e.close()
  console.log('close', performance.now() - t)
}
rmSync(folder, { recursive: true })
