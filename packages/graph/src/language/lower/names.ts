/**
 * Collects the names of variables that a piece of syntax may read: variables in expressions and in patterns. Names
 * that it binds itself are among them, so intersect the result with the names known outside.
 */
export function namesIn(part: unknown, into: Set<string> = new Set()): Set<string> {
  if (typeof part !== 'object' || part === null) return into
  if (Array.isArray(part)) {
    for (const item of part) namesIn(item, into)
    return into
  }
  const node = part as {
    readonly kind?: unknown
    readonly name?: unknown
    readonly variable?: { readonly name: string } | null
  }
  if (node.kind === 'variable') into.add(node.name as string)
  if (node.variable !== undefined && node.variable !== null) into.add(node.variable.name)
  for (const value of Object.values(part)) namesIn(value, into)
  return into
}
