import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { isPlain } from '../../language/parser-values.ts'
import { bsonType, type Document, isNumber } from '../value.ts'
import type { DocumentsToDocuments } from './context.ts'

/** Compiles `$sample`. */
export function compileSample(argument: Value): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(28745, '$sample takes an object. Give it a size.')
  for (const key of Object.keys(argument)) {
    if (key !== 'size') throw mongoError(28748, `$sample has no such part. Check its spelling: ${key}`)
  }
  const { size } = argument
  if (size === undefined) throw mongoError(28749, '$sample needs a size. Add it.')
  if (!isNumber(size)) throw mongoError(28746, `$sample's size is a number. It is a ${bsonType(size)}.`)
  const count = Math.trunc(Number(size))
  if (!(count > 0)) throw mongoError(28747, `$sample's size is positive. It is ${size}.`)
  return (documents) => {
    const pool = [...documents]
    for (let at = 0; at < pool.length && at < count; at += 1) {
      const other = at + Math.floor(Math.random() * (pool.length - at))
      const moved = pool[at] as Document
      pool[at] = pool[other] as Document
      pool[other] = moved
    }
    return pool.slice(0, count)
  }
}
