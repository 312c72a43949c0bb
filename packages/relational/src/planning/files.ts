import type { Names } from './names.ts'

const FILE_NAME = /\.(parquet|csv|tsv|json|ndjson|jsonl)(\.(gz|zst))?$/i
const FILE_FUNCTION =
  /^(read_(csv|csv_auto|parquet|json|json_auto|ndjson|ndjson_auto|json_objects|text|blob)|parquet_(scan|schema|metadata|file_metadata)|sniff_csv|glob)$/i

/** Tells whether a query reads files: by a reader, or by a name with the ending of a file that no relation has. */
export function namesFiles(names: Names, isRelation: (name: string) => boolean): boolean {
  return (
    names.functions.some(({ name }) => FILE_FUNCTION.test(name)) ||
    names.tables.some(({ name, schema }) => schema === '' && FILE_NAME.test(name) && !isRelation(name))
  )
}
