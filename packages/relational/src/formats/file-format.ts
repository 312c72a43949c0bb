import { extname } from 'node:path'
import { SheafError } from '@sheafdb/core'
import { quoteText } from '../language/quote.ts'
import type { Copy } from '../language/statement.ts'

/** Names the file formats that COPY knows. */
export type FileFormat = 'csv' | 'parquet' | 'json' | 'arrow'

const FORMATS: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  parquet: 'parquet',
  json: 'json',
  ndjson: 'json',
  jsonl: 'json',
  arrow: 'arrow',
  ipc: 'arrow',
  feather: 'arrow',
}

/** Finds the format of a COPY: the option FORMAT, else the file's ending, else CSV. @throws `UNSUPPORTED` */
export function formatOf({ path, options }: Pick<Copy, 'path' | 'options'>): FileFormat {
  const named = options.find((option) => option.name === 'FORMAT')?.value.replaceAll(/^['"]|['"]$/g, '')
  if (named !== undefined) {
    const format = FORMATS[named.toLowerCase()]
    if (format !== undefined) return format
    throw new SheafError(
      'UNSUPPORTED',
      `COPY knows the formats csv, parquet, json and arrow. Use one of them: ${named}`,
    )
  }
  const ending = extname(path.replace(/\.(gz|zst)$/i, '')).slice(1)
  return FORMATS[ending.toLowerCase()] ?? 'csv'
}

/** Options of COPY whose name differs from that of DuckDB's CSV reader. */
const READER_NAMES: Readonly<Record<string, string>> = {
  NULL: 'nullstr',
  DELIMITER: 'delim',
  SEPARATOR: 'delim',
  FORCE_NOT_NULL: 'force_not_null',
}

/** Writes the call of DuckDB's reader for a file. */
export function readerCall(
  format: FileFormat,
  { path, options }: Pick<Copy, 'path' | 'options'>,
  extra: readonly string[] = [],
): string {
  const settings = options
    .filter((option) => option.name !== 'FORMAT' && option.name !== 'CSV')
    .map(({ name, value }) => `${READER_NAMES[name] ?? name.toLowerCase()} = ${optionValue(value)}`)
  const reader = { csv: 'read_csv', parquet: 'read_parquet', json: 'read_json', arrow: 'read_parquet' }[
    format
  ]
  return `${reader}(${[quoteText(path), ...settings, ...extra].join(', ')})`
}

/** A bare word is a text, as in COPY; a list in brackets a list of texts. */
function optionValue(value: string): string {
  if (value === '') return 'true'
  if (/^\(.*\)$/s.test(value))
    return `[${value
      .slice(1, -1)
      .split(',')
      .map((item) => optionValue(item.trim()))
      .join(', ')}]`
  return /^[A-Za-z_]\w*$/.test(value) && !/^(true|false|null)$/i.test(value) ? quoteText(value) : value
}
