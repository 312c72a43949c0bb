/** Is a record of a test file: a statement, a statement that must fail, or a query with its expected rows. */
export type LogicRecord = {
  readonly sql: string
  readonly error?: string
  readonly types?: string
  readonly sort?: 'rowsort' | 'valuesort'
  readonly rows?: readonly (readonly string[])[]
  readonly hash?: string
  readonly label?: string
}

/** Is a test file of the suite. */
export type LogicFile = {
  readonly file: string
  readonly group: string
  readonly records: readonly LogicRecord[]
  readonly inputs?: Readonly<Record<string, string>>
  readonly letters?: boolean
}
