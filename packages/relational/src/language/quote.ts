/** Quotes a name so that SQL reads it as that name, whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Quotes a text as an SQL constant. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
