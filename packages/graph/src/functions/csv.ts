import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineMember, type FunctionDefinition, SheafError, types, type Value } from '@sheafdb/core'
import { csvRecords } from '../formats/csv.ts'
import { custom } from './define.ts'
import { runtimeArgumentError, runtimeTypeError } from './errors.ts'

function loadCsv(url: Value, headers: Value, separator: Value): Value {
  if (typeof url !== 'string')
    throw runtimeTypeError('LOAD CSV reads from a URL or a path, given as text.', url)
  if (typeof separator !== 'string' || separator.length !== 1 || separator === '"')
    throw runtimeArgumentError(
      `A FIELDTERMINATOR is one character that is no quote: ${String(separator)}`,
      'InvalidArgumentValue',
    )
  const [first, ...rest] = csvRecords(readText(url), separator)
  if (headers !== true) return first === undefined ? [] : [first, ...rest].map((fields): Value => fields)
  return rest.map((fields): Value => {
    const row: Record<string, Value> = {}
    first?.forEach((name, at) => {
      // A field that is not there is null, as an empty one is.
      defineMember(row, name, fields[at] === '' ? null : (fields[at] ?? null))
    })
    return row
  })
}

function readText(url: string): string {
  if (/^(https?|ftp):/i.test(url)) {
    throw new SheafError(
      'UNSUPPORTED',
      `LOAD CSV reads files. Fetch the address first, and give the rows as a parameter: ${url}`,
      {
        phase: 'runtime',
      },
    )
  }
  try {
    return readFileSync(url.startsWith('file:') ? fileURLToPath(url) : url, 'utf8')
  } catch (cause) {
    throw new SheafError(
      'IO',
      `LOAD CSV cannot read the file. Check that it is there and may be read: ${url}`,
      {
        cause,
        phase: 'runtime',
      },
    )
  }
}

/** Holds the function behind LOAD CSV: the records of a file, as lists or as maps by the names of its first line. */
export const csvFunctions: readonly FunctionDefinition[] = [
  { ...custom('load_csv', types.variant, loadCsv), volatile: true },
]
