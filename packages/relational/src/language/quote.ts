/** Quotes a name so that SQL reads it as that name, whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Quotes a text as an SQL constant. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Parts the name of a relation at its first dot into schema and name, where both are there. */
export function partsOfName(name: string): readonly [schema: string, name: string] {
  const dot = name.indexOf('.')
  return dot <= 0 || dot === name.length - 1 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)]
}

/** Quotes the name of a relation, its schema apart where it has one. */
export function quoteRelation(name: string): string {
  const [schema, own] = partsOfName(name)
  return schema === '' ? quoteIdentifier(own) : `${quoteIdentifier(schema)}.${quoteIdentifier(own)}`
}
