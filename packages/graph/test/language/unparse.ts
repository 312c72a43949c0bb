import type * as syntax from '../../src/language/syntax.ts'

/** Writes syntax as text that parses to the same syntax: names in backticks, brackets around every operation. */
export function unparse({ mode, use, query }: syntax.Statement): string {
  const prefix = mode === 'run' ? '' : `${mode.toUpperCase()} `
  return `${prefix}${use === null ? '' : `USE ${name(use)} `}${queryText(query)}`
}

type Named = { readonly name: string }

const name = (item: Named): string => `\`${item.name.replaceAll('`', '``')}\``
const list = <Item>(items: readonly Item[], text: (item: Item) => string): string =>
  items.map(text).join(', ')
const optional = <Item>(item: Item | null, text: (item: Item) => string): string =>
  item === null ? '' : text(item)
const where = (condition: syntax.Expression | null): string =>
  optional(condition, (part) => ` WHERE ${expressionText(part)}`)
const dotted = (item: Named): string =>
  item.name
    .split('.')
    .map((part) => name({ name: part }))
    .join('.')

function queryText({ parts, all }: syntax.Query): string {
  return parts
    .map((part, at) => {
      const union = at === 0 ? '' : all[at - 1] === true ? 'UNION ALL ' : 'UNION '
      return union + part.clauses.map(clauseText).join(' ')
    })
    .join(' ')
}

function clauseText(clause: syntax.Clause): string {
  switch (clause.kind) {
    case 'match':
      return `${clause.optional ? 'OPTIONAL ' : ''}MATCH ${clause.repeatable ? 'REPEATABLE ELEMENTS ' : ''}${list(clause.patterns, pathText)}${where(clause.where)}`
    case 'unwind':
      return `UNWIND ${expressionText(clause.list)} AS ${name(clause.variable)}`
    case 'with':
    case 'return':
      return projectionText(clause)
    case 'filter':
      return `FILTER ${expressionText(clause.where)}`
    case 'create':
      return `CREATE ${list(clause.patterns, pathText)}`
    case 'merge':
      return `MERGE ${pathText(clause.pattern)}${onText('CREATE', clause.onCreate)}${onText('MATCH', clause.onMatch)}`
    case 'set':
      return `SET ${list(clause.items, setText)}`
    case 'remove':
      return `REMOVE ${list(clause.items, (item) => (item.kind === 'removeProperty' ? expressionText(item.target) : name(item.variable) + labelNames(item.labels)))}`
    case 'delete':
      return `${clause.detach ? 'DETACH ' : ''}DELETE ${list(clause.expressions, expressionText)}`
    case 'foreach':
      return `FOREACH (${name(clause.variable)} IN (${expressionText(clause.list)}) | ${clause.updates.map(clauseText).join(' ')})`
    case 'call':
      return callText(clause)
    case 'subquery':
      return subqueryText(clause)
    case 'loadCsv':
      return `LOAD CSV ${clause.headers ? 'WITH HEADERS ' : ''}FROM ${expressionText(clause.url)} AS ${name(clause.variable)}${optional(clause.terminator, (part) => ` FIELDTERMINATOR ${expressionText(part)}`)}`
    case 'finish':
      return 'FINISH'
  }
}

function projectionText(clause: syntax.ProjectionClause): string {
  const items = [
    ...(clause.star ? ['*'] : []),
    ...clause.items.map(
      (item) => expressionText(item.expression) + optional(item.alias, (alias) => ` AS ${name(alias)}`),
    ),
  ]
  const order = list(
    clause.orderBy,
    (item) => `${expressionText(item.expression)}${item.descending ? ' DESC' : ''}`,
  )
  return [
    clause.kind.toUpperCase(),
    clause.distinct ? ' DISTINCT' : '',
    ` ${items.join(', ')}`,
    order === '' ? '' : ` ORDER BY ${order}`,
    optional(clause.skip, (part) => ` SKIP ${expressionText(part)}`),
    optional(clause.limit, (part) => ` LIMIT ${expressionText(part)}`),
    where(clause.where),
  ].join('')
}

function onText(event: string, items: readonly syntax.SetItem[]): string {
  return items.length === 0 ? '' : ` ON ${event} SET ${list(items, setText)}`
}

function setText(item: syntax.SetItem): string {
  if (item.kind === 'setLabels') return name(item.variable) + labelNames(item.labels)
  if (item.kind === 'setAll')
    return `${name(item.variable)} ${item.keep ? '+=' : '='} ${expressionText(item.value)}`
  return `${expressionText(item.target)} = ${expressionText(item.value)}`
}

function callText(clause: syntax.CallClause): string {
  const args = optional(clause.arguments, (items) => `(${list(items, expressionText)})`)
  const yields = clause.yieldAll
    ? ' YIELD *'
    : optional(clause.yields, (items) =>
        items.length === 0
          ? ' YIELD -'
          : ` YIELD ${list(items, ({ field, variable }) => `${name(field)} AS ${name(variable)}`)}`,
      )
  return `${clause.optional ? 'OPTIONAL ' : ''}CALL ${dotted(clause.procedure)}${args}${yields}${where(clause.where)}`
}

function subqueryText({
  optional: isOptional,
  imports,
  query,
  inTransactions,
}: syntax.SubqueryClause): string {
  const seen = imports === null ? '' : imports === '*' ? '(*) ' : `(${list(imports, name)}) `
  const batches = optional(
    inTransactions,
    ({ rows, onError, status }) =>
      ` IN TRANSACTIONS${optional(rows, (part) => ` OF ${expressionText(part)} ROWS`)}${onError === 'fail' ? '' : ` ON ERROR ${onError.toUpperCase()}`}${optional(status, (item) => ` REPORT STATUS AS ${name(item)}`)}`,
  )
  return `${isOptional ? 'OPTIONAL ' : ''}CALL ${seen}{ ${queryText(query)} }${batches}`
}

function pathText({ variable, selector, elements }: syntax.PathPattern): string {
  const path = elements.map(elementText).join('')
  const named = optional(variable, (item) => `${name(item)} = `)
  if (selector === null) return named + path
  if (selector.isFunction)
    return `${named}${selector.kind === 'shortest' ? 'shortestPath' : 'allShortestPaths'}(${path})`
  const words = {
    shortest: `SHORTEST ${selector.count}`,
    shortestGroups: `SHORTEST ${selector.count} GROUPS`,
    allShortest: 'ALL SHORTEST',
    any: `ANY ${selector.count}`,
  }
  return `${named}${words[selector.kind]} ${path}`
}

function elementText(element: syntax.PathElement): string {
  if (element.kind === 'group')
    return `(${pathText(element.pattern)}${where(element.where)})${quantifierText(element.quantifier)}`
  const inside = [
    optional(element.variable, name),
    optional(element.kind === 'node' ? element.labels : element.types, (labels) => `:${labelText(labels)}`),
    element.kind === 'relationship' ? optional(element.range, rangeText) : '',
    optional(element.properties, (part) => ` ${expressionText(part)}`),
    where(element.where),
  ].join('')
  if (element.kind === 'node') return `(${inside})`
  return `${element.direction === 'left' ? '<' : ''}-[${inside}]-${element.direction === 'right' ? '>' : ''}`
}

const quantifierText = ({ min, max }: syntax.Quantifier): string => `{${min},${max ?? ''}}`
const rangeText = ({ min, max }: syntax.Quantifier): string => `*${min}..${max ?? ''}`

function labelText(label: syntax.LabelExpression): string {
  switch (label.kind) {
    case 'label':
      return name(label)
    case 'dynamicLabel':
      return `$${label.any ? 'any' : 'all'}(${expressionText(label.expression)})`
    case 'labelAnd':
      return label.colons
        ? label.operands.map((part) => nested(part)).join(':')
        : label.operands.map((part) => nested(part)).join('&')
    case 'labelOr':
      return label.operands.map((part) => nested(part)).join('|')
    case 'labelNot':
      return `!${nested(label.operand)}`
    case 'labelAny':
      return '%'
  }
}

function nested(label: syntax.LabelExpression): string {
  const isPlain =
    label.kind === 'label' ||
    label.kind === 'labelAny' ||
    label.kind === 'dynamicLabel' ||
    label.kind === 'labelNot'
  return isPlain ? labelText(label) : `(${labelText(label)})`
}

const labelNames = (labels: readonly syntax.LabelName[]): string =>
  labels.map((label) => `:${labelText(label)}`).join('')

const WORDS: Readonly<Partial<Record<syntax.BinaryOperator, string>>> = {
  in: 'IN',
  startsWith: 'STARTS WITH',
  endsWith: 'ENDS WITH',
  contains: 'CONTAINS',
  xor: 'XOR',
}

function expressionText(expression: syntax.Expression): string {
  const text = expressionText
  switch (expression.kind) {
    case 'literal':
      return literalText(expression)
    case 'parameter':
      return /^\w+$/.test(expression.name) ? `$${expression.name}` : `$${name(expression)}`
    case 'variable':
      return name(expression)
    case 'property':
      return `${text(expression.object)}.${name(expression.key)}`
    case 'index':
      return `${text(expression.object)}[${text(expression.index)}]`
    case 'slice':
      return `${text(expression.object)}[${optional(expression.from, text)}..${optional(expression.to, text)}]`
    case 'list':
      return `[${list(expression.items, (item) => `(${text(item)})`)}]`
    case 'map':
      return `{${list(expression.entries, ({ key, value }) => `${name(key)}: ${text(value)}`)}}`
    case 'mapProjection':
      return `${name(expression.variable)}{${list(expression.entries, (entry) => (entry.kind === 'allProperties' ? '.*' : entry.kind === 'ownProperty' ? `.${name(entry.key)}` : `${name(entry.key)}: ${text(entry.value)}`))}}`
    case 'listComprehension':
      return `[${name(expression.variable)} IN (${text(expression.list)})${where(expression.where)}${optional(expression.projection, (part) => ` | ${text(part)}`)}]`
    case 'patternComprehension':
      return `[${pathText(expression.pattern)}${where(expression.where)} | ${text(expression.projection)}]`
    case 'pattern':
      return expression.pattern.selector === null
        ? `(${pathText(expression.pattern)})`
        : pathText(expression.pattern)
    case 'quantifier':
      return `${expression.quantifier}(${name(expression.variable)} IN ${text(expression.list)} WHERE ${text(expression.where)})`
    case 'reduce':
      return `reduce(${name(expression.accumulator)} = ${text(expression.initial)}, ${name(expression.variable)} IN (${text(expression.list)}) | ${text(expression.step)})`
    case 'function':
      return `${dotted(expression)}(${expression.distinct ? 'DISTINCT ' : ''}${list(expression.arguments, text)})`
    case 'countStar':
      return 'count(*)'
    case 'case':
      return `CASE ${optional(expression.subject, (part) => `${text(part)} `)}${expression.branches.map(({ when, result }) => `WHEN ${text(when)} THEN ${text(result)} `).join('')}${optional(expression.otherwise, (part) => `ELSE ${text(part)} `)}END`
    case 'not':
      return `(NOT ${text(expression.operand)})`
    case 'negate':
      return `(-${text(expression.operand)})`
    case 'plus':
      return `(+${text(expression.operand)})`
    case 'and':
    case 'or':
      return `(${expression.operands.map(text).join(` ${expression.kind.toUpperCase()} `)})`
    case 'binary':
      return `(${text(expression.left)} ${WORDS[expression.operator] ?? expression.operator} ${text(expression.right)})`
    case 'comparison':
      return `(${expression.operands.map((operand, at) => (at === 0 ? '' : ` ${expression.operators[at - 1]} `) + text(operand)).join('')})`
    case 'isNull':
      return `(${text(expression.operand)} IS ${expression.negated ? 'NOT ' : ''}NULL)`
    case 'hasLabels':
      return `(${text(expression.operand)}:${labelText(expression.labels)})`
    case 'exists':
    case 'count':
    case 'collect':
      return `${expression.kind.toUpperCase()} { ${queryText(expression.query)} }`
  }
}

function literalText({ value, isFloat }: syntax.LiteralExpression): string {
  if (typeof value === 'string') {
    const escaped = value.replace(/[\\'\n\r\t\b\f]/g, (char) => ESCAPES[char] as string)
    return `'${escaped}'`
  }
  if (!isFloat || typeof value !== 'number') return String(value)
  const text = String(value).replace('e+', 'e')
  return /[.e]/.test(text) ? text : `${text}.0`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

/** Leaves out of syntax what depends on how it was written: places, the text, names made of text. */
export function withoutPlaces(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutPlaces)
  if (typeof part !== 'object' || part === null) return part
  const { start, end, text, ...rest } = part as Record<string, unknown>
  if ('alias' in rest && rest['alias'] === null) delete rest['name']
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutPlaces(value)]))
}
