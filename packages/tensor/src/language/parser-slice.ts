import { sourceError } from '@sheafdb/core'
import type { AxisSlice } from './syntax.ts'

const INTEGER = /^[+-]?\d+$/

/**
 * Reads a slice in NumPy's notation: parts by comma, each an index, `start:stop:step`, `...` or `None`.
 *
 * @throws `SYNTAX` with the position
 * @example parseSlice('0:10, ::2, -1')
 */
export function parseSlice(text: string): AxisSlice[] {
  const parts: AxisSlice[] = []
  let offset = 0
  for (const part of text.split(',')) {
    parts.push(parsePart(part.trim(), text, offset + part.length - part.trimStart().length))
    offset += part.length + 1
  }
  if (parts.filter((part) => part.kind === 'ellipsis').length > 1)
    throw sourceError('SYNTAX', 'A slice has at most one `...`.', { text, offset: text.lastIndexOf('...') })
  return parts
}

function parsePart(part: string, text: string, offset: number): AxisSlice {
  if (part === '...') return { kind: 'ellipsis' }
  if (part === 'None' || part === 'newaxis') return { kind: 'new-axis' }
  const numbers = part.split(':').map((item) => item.trim())
  const integers = numbers.map((item) =>
    item === '' ? null : INTEGER.test(item) ? Number(item) : Number.NaN,
  )
  const isSafe = integers.every((item) => item === null || Number.isSafeInteger(item))
  const [first = null, stop = null, step = null] = integers
  if (isSafe && numbers.length === 1 && first !== null) return { kind: 'index', at: first }
  if (isSafe && (numbers.length === 2 || numbers.length === 3) && step !== 0)
    return { kind: 'range', start: first, stop, step: step ?? 1 }
  throw sourceError('SYNTAX', 'Each part of a slice is an index, `start:stop:step`, `...` or `None`.', {
    text,
    offset,
  })
}
