import { createRequire } from 'node:module'
import { SheafError } from '@sheafdb/core'

/** Is the package that makes graphs over vectors. */
export type Usearch = typeof import('usearch')

const require = createRequire(import.meta.url)
let library: Usearch | null | undefined

/** Loads usearch; `null` where it is not installed. */
export function loadUsearch(): Usearch | null {
  if (library !== undefined) return library
  try {
    library = require('usearch') as Usearch
  } catch {
    // An optional package: without it every vector is looked at.
    library = null
  }
  return library
}

/** Gives usearch. @throws `MISSING_DEPENDENCY` */
export function requireUsearch(): void {
  if (loadUsearch() === null)
    throw new SheafError(
      'MISSING_DEPENDENCY',
      'An index over vectors is made by the package usearch. Install usearch.',
    )
}
