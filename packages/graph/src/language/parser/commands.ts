import type { SchemaCommand, SchemaRule } from '../syntax.ts'
import { type Cursor, commaList } from './cursor.ts'
import { parseTypes } from './types.ts'

/** Reads a command about constraints or indexes where one stands here; `null` where a query does. */
export function parseCommand(cursor: Cursor): SchemaCommand | null {
  const { start } = cursor.peek()
  if (cursor.takeWords('create', 'constraint')) return parseCreate(cursor, start, parseConstraint)
  for (const kind of ['range', 'text', 'point'])
    if (cursor.takeWords('create', kind, 'index')) return parseCreate(cursor, start, parseIndex)
  if (cursor.takeWords('create', 'index')) return parseCreate(cursor, start, parseIndex)
  if (cursor.takeWords('drop', 'constraint')) return parseDrop(cursor, start, 'constraint')
  if (cursor.takeWords('drop', 'index')) return parseDrop(cursor, start, 'index')
  if (cursor.takeWords('show', 'constraints') || cursor.takeWords('show', 'constraint'))
    return { kind: 'showRules', what: 'constraint', ...cursor.span(start) }
  if (cursor.takeWords('show', 'indexes') || cursor.takeWords('show', 'index'))
    return { kind: 'showRules', what: 'index', ...cursor.span(start) }
  return null
}

type Subject = Pick<SchemaRule, 'name' | 'entity' | 'label'> & { readonly variable: string }

function parseCreate(
  cursor: Cursor,
  start: number,
  parseRule: (cursor: Cursor, subject: Subject) => SchemaRule,
): SchemaCommand {
  const isNamed = !cursor.isWords('for') && !cursor.isWords('if', 'not', 'exists')
  const name = isNamed ? cursor.schemaName('a name').name : null
  const ifMissing = cursor.takeWords('if', 'not', 'exists')
  cursor.expectWords('for')
  const rule = parseRule(cursor, parseSubject(cursor, name))
  return { kind: 'createRule', rule, ifMissing, ...cursor.span(start) }
}

function parseSubject(cursor: Cursor, name: string | null): Subject {
  cursor.expectSymbol('(')
  if (!cursor.takeSymbol(')')) {
    const variable = cursor.variable().name
    cursor.expectSymbol(':')
    const label = cursor.schemaName('a label').name
    cursor.expectSymbol(')')
    return { name, entity: 'node', label, variable }
  }
  cursor.takeSymbol('<')
  cursor.expectSymbol('-')
  cursor.expectSymbol('[')
  const variable = cursor.variable().name
  cursor.expectSymbol(':')
  const label = cursor.schemaName('a type').name
  cursor.expectSymbol(']')
  cursor.expectSymbol('-')
  cursor.takeSymbol('>')
  cursor.expectSymbol('(')
  cursor.expectSymbol(')')
  return { name, entity: 'relationship', label, variable }
}

function parseConstraint(cursor: Cursor, { variable, ...subject }: Subject): SchemaRule {
  cursor.expectWords('require')
  const properties = parseProperties(cursor, variable)
  if (cursor.takeSymbol('::')) return { ...subject, kind: 'type', properties, types: parseTypes(cursor) }
  cursor.expectWords('is')
  if (cursor.takeWords('unique')) return { ...subject, kind: 'unique', properties, types: [] }
  if (cursor.takeWords('not', 'null')) return { ...subject, kind: 'exists', properties, types: [] }
  const word = subject.entity === 'node' ? 'node' : 'relationship'
  if (cursor.takeWords(word, 'key') || cursor.takeWords('key'))
    return { ...subject, kind: 'key', properties, types: [] }
  if (cursor.takeWords('typed')) return { ...subject, kind: 'type', properties, types: parseTypes(cursor) }
  if (cursor.takeSymbol('::')) return { ...subject, kind: 'type', properties, types: parseTypes(cursor) }
  throw cursor.unexpected('UNIQUE, NOT NULL, NODE KEY or :: and a type')
}

function parseIndex(cursor: Cursor, { variable, ...subject }: Subject): SchemaRule {
  cursor.expectWords('on')
  return { ...subject, kind: 'index', properties: parseProperties(cursor, variable), types: [] }
}

function parseProperties(cursor: Cursor, variable: string): readonly string[] {
  const parse = (): string => {
    const named = cursor.variable()
    if (named.name !== variable)
      throw cursor.error(named.start, `A variable is not defined here: ${named.name}`, 'UndefinedVariable')
    cursor.expectSymbol('.')
    return cursor.schemaName('a property').name
  }
  if (!cursor.takeSymbol('(')) return [parse()]
  const properties = commaList(cursor, parse)
  cursor.expectSymbol(')')
  return properties
}

function parseDrop(cursor: Cursor, start: number, what: 'constraint' | 'index'): SchemaCommand {
  const { name } = cursor.schemaName('a name')
  const ifThere = cursor.takeWords('if', 'exists')
  return { kind: 'dropRule', what, name, ifThere, ...cursor.span(start) }
}
