import { openStore, type Store } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { graph } from '@sheafdb/graph'
import { kv } from '@sheafdb/kv'
import { rdf } from '@sheafdb/rdf'
import { relational } from '@sheafdb/relational'
import { tensor } from '@sheafdb/tensor'

/** Makes the six models. */
const models = () => [relational(), document(), graph(), rdf(), tensor(), kv()] as const

/** Is the store of this example, with all six models. */
export type AirStore = Store<ReturnType<typeof models>>

/** Opens the store of this example. */
export function openAirStore(path: string): Promise<AirStore> {
  return openStore(path, { models: models() }) as Promise<AirStore>
}
