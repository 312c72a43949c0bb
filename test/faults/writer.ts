/** Runs the workload as a process of its own, which says after each transaction that it is done: to be killed. */
import { writeSync } from 'node:fs'
import { realFileSystem } from '../../packages/core/src/storage/real-file-system.ts'
import { withoutSyncs } from './without-syncs.ts'
import { afterTransaction, openWorkload, prepare, runTransaction } from './workload.ts'

const [path = '', from = '1', to = '200', mode = 'safe'] = process.argv.slice(2)
const store = await openWorkload(
  path,
  mode === 'unsafe' ? { host: { fileSystem: withoutSyncs(realFileSystem()) } } : {},
)
await prepare(store)
writeSync(1, 'ready\n')
for (let n = Number(from); n <= Number(to); n += 1) {
  await runTransaction(store, n)
  writeSync(1, `${n}\n`)
  await afterTransaction(store, n)
}
await store.close()
writeSync(1, 'closed\n')
