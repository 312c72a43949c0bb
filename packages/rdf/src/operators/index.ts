import type { ExtensionOperator } from '@sheafdb/core'
import { compareOperator } from './compare.ts'
import { constructOperator } from './construct.ts'
import { decodeOperator } from './decode.ts'
import { describeOperator } from './describe.ts'
import { encodeOperator } from './encode.ts'
import { orderOperator } from './order.ts'
import { quadsOperator } from './quads.ts'
import { serviceOperator } from './service.ts'
import { topOperator } from './top.ts'

/** Holds the operators that RDF adds to plans. */
export const rdfOperators: readonly ExtensionOperator[] = [
  decodeOperator,
  encodeOperator,
  quadsOperator,
  constructOperator,
  describeOperator,
  compareOperator,
  orderOperator,
  topOperator,
  serviceOperator,
]
