import type { SchemaRule } from '../language/syntax.ts'

/** Is a constraint or index as the catalog keeps it, with a name. */
export type NamedRule = SchemaRule & { readonly name: string }

/** Reads the constraints and indexes of a graph from its collection's options. */
export function rulesFromOptions(option: unknown): readonly NamedRule[] {
  return Array.isArray(option) ? (option as readonly NamedRule[]) : []
}

/** Gives a rule the name that it has, or one made of what it says. */
export function named(rule: SchemaRule): NamedRule {
  const name = rule.name ?? [rule.kind, rule.label, ...rule.properties].join('_')
  return { ...rule, name }
}

/** Tells whether two rules say the same, whatever their names. */
export function sameRule(left: SchemaRule, right: SchemaRule): boolean {
  const said = ({ kind, entity, label, properties, types }: SchemaRule): string =>
    JSON.stringify([kind, entity, label, properties, types])
  return said(left) === said(right)
}

/** Tells whether a rule is held by an index of the core. */
export function hasIndex({ kind }: SchemaRule): boolean {
  return kind === 'index' || kind === 'unique' || kind === 'key'
}

/** Tells whether a rule is checked on each row that is written. */
export function isChecked({ kind }: SchemaRule): boolean {
  return kind === 'exists' || kind === 'key' || kind === 'type'
}
