import type { Expected, ExpectedNode, ExpectedRelationship } from './notation.ts'

type Shape = Record<string, unknown>
type RelationshipShape = {
  readonly type: string
  readonly source: number
  readonly target: number
  readonly properties: Shape
}
type NodeShape = { readonly id: number; readonly labels: readonly string[]; readonly properties: Shape }

/** Tells whether a value is what the kit's table says. */
export function matches(expected: Expected, value: unknown, anyListOrder: boolean): boolean {
  switch (expected.kind) {
    case 'null':
      return value === null
    case 'true':
    case 'false':
      return value === (expected.kind === 'true')
    case 'integer':
      return (
        (typeof value === 'number' || typeof value === 'bigint') &&
        Number.isInteger(Number(value)) &&
        BigInt(value) === expected.value
      )
    case 'float':
      return typeof value === 'number' && (Object.is(value, expected.value) || value === expected.value)
    case 'string':
      return textOf(value) === expected.value
    case 'list':
      return Array.isArray(value) && listMatches(expected.items, value, anyListOrder)
    case 'map':
      return isPlain(value) && mapMatches(expected.entries, value, anyListOrder)
    case 'node':
      return nodeMatches(expected, value, anyListOrder)
    case 'relationship':
      return relationshipMatches(expected, value, anyListOrder)
    case 'path':
      return pathMatches(expected, value, anyListOrder)
  }
}

function textOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return isPlain(value) || Array.isArray(value) ? value : String(value)
}

function isPlain(value: unknown): value is Shape {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function listMatches(
  expected: readonly Expected[],
  values: readonly unknown[],
  anyListOrder: boolean,
): boolean {
  if (expected.length !== values.length) return false
  if (!anyListOrder) return expected.every((item, at) => matches(item, values[at], false))
  const rest = [...values]
  return expected.every((item) => {
    const at = rest.findIndex((value) => matches(item, value, true))
    if (at !== -1) rest.splice(at, 1)
    return at !== -1
  })
}

function mapMatches(expected: ReadonlyMap<string, Expected>, value: Shape, anyListOrder: boolean): boolean {
  const keys = Object.keys(value)
  return (
    keys.length === expected.size &&
    keys.every((key) => {
      const wanted = expected.get(key)
      return wanted !== undefined && matches(wanted, value[key], anyListOrder)
    })
  )
}

function nodeMatches(expected: ExpectedNode, value: unknown, anyListOrder: boolean): boolean {
  const node = value as NodeShape | null
  if (typeof node !== 'object' || node === null || !Array.isArray(node.labels)) return false
  const sameLabels = [...expected.labels].sort().join('\n') === [...node.labels].sort().join('\n')
  return sameLabels && mapMatches(expected.properties, node.properties, anyListOrder)
}

function relationshipMatches(expected: ExpectedRelationship, value: unknown, anyListOrder: boolean): boolean {
  const relationship = value as RelationshipShape | null
  if (typeof relationship !== 'object' || relationship === null || typeof relationship.type !== 'string')
    return false
  return (
    relationship.type === expected.type &&
    mapMatches(expected.properties, relationship.properties, anyListOrder)
  )
}

function pathMatches(expected: Expected & { kind: 'path' }, value: unknown, anyListOrder: boolean): boolean {
  const path = value as {
    readonly nodes: readonly NodeShape[]
    readonly relationships: readonly RelationshipShape[]
  } | null
  if (
    typeof path !== 'object' ||
    path === null ||
    !Array.isArray(path.nodes) ||
    !Array.isArray(path.relationships)
  )
    return false
  if (path.nodes.length !== expected.nodes.length || path.relationships.length !== expected.steps.length)
    return false
  if (!expected.nodes.every((node, at) => nodeMatches(node, path.nodes[at], anyListOrder))) return false
  return expected.steps.every(({ relationship, forward }, at) => {
    const found = path.relationships[at] as RelationshipShape
    const [left, right] = [path.nodes[at]?.id, path.nodes[at + 1]?.id]
    const joined = forward
      ? found.source === left && found.target === right
      : found.source === right && found.target === left
    return joined && relationshipMatches(relationship, found, anyListOrder)
  })
}

/** Tells whether rows are those of the kit's table, in its order where it asks for one. */
export function rowsMatch(
  expected: readonly (readonly Expected[])[],
  rows: readonly (readonly unknown[])[],
  options: { readonly ordered: boolean; readonly anyListOrder: boolean },
): boolean {
  if (expected.length !== rows.length) return false
  const same = (wanted: readonly Expected[], row: readonly unknown[]): boolean =>
    wanted.every((item, at) => matches(item, row[at], options.anyListOrder))
  if (options.ordered) return expected.every((wanted, at) => same(wanted, rows[at] as readonly unknown[]))
  const rest = [...rows]
  return expected.every((wanted) => {
    const at = rest.findIndex((row) => same(wanted, row))
    if (at !== -1) rest.splice(at, 1)
    return at !== -1
  })
}
