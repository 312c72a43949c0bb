import { canGenerate } from './generation.ts'

type Loop = (...args: never[]) => unknown

const loops = new Map<string, Loop>()

/**
 * Gives a loop over typed arrays that has a copy of its own for each combination of array types: one copy for all would
 * be compiled for any array, which costs several times as much a row (`pnpm bench engine-join-many`). Hosts without code
 * generation share the plain function.
 *
 * @param plain the loop; what it refers to beside its parameters and globals is not seen by the copies
 * @param arrays the arrays whose types tell the copies apart
 */
export function loopFor<Plain extends Loop>(plain: Plain, ...arrays: readonly object[]): Plain {
  if (!canGenerate()) return plain
  let key = plain.name
  for (const array of arrays) key += ` ${array.constructor.name}`
  let loop = loops.get(key)
  if (loop === undefined) {
    loop = new Function(`"use strict"; return (${plain.toString()})`)() as Loop
    loops.set(key, loop)
  }
  return loop as Plain
}
