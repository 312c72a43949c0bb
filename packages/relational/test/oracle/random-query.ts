/** Makes random numbers from a seed, the same ones each time. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Gives an integer of at least 0 and less than `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }
}

/** Declares the tables that random queries read. */
export const SCHEMA: readonly string[] = [
  'CREATE TABLE t (a INTEGER, b DOUBLE, c VARCHAR, d DATE, e BOOLEAN, f BIGINT, g FLOAT)',
  'CREATE TABLE u (k INTEGER PRIMARY KEY, a INTEGER, c VARCHAR, h SMALLINT, m TIMESTAMP)',
]

type Kind = 'number' | 'text' | 'bool' | 'date'
type Column = { readonly text: string; readonly kind: Kind }

const T: readonly Column[] = [
  { text: 't.a', kind: 'number' },
  { text: 't.b', kind: 'number' },
  { text: 't.c', kind: 'text' },
  { text: 't.d', kind: 'date' },
  { text: 't.e', kind: 'bool' },
  { text: 't.f', kind: 'number' },
  { text: 't.g', kind: 'number' },
]
const U: readonly Column[] = [
  { text: 'u.k', kind: 'number' },
  { text: 'u.a', kind: 'number' },
  { text: 'u.c', kind: 'text' },
  { text: 'u.h', kind: 'number' },
]

const WORDS = ['', 'a', 'b', 'ab', 'ba', 'Abc', 'über', 'a%b', 'zz']

/** Makes the rows of the tables, as INSERT statements. */
export function insertStatements(random: Random): string[] {
  const maybe = (text: string) => (random.chance(15) ? 'NULL' : text)
  const text = () => `'${random.pick(WORDS)}'`
  const day = () => `'20${10 + random.below(15)}-0${1 + random.below(9)}-1${random.below(10)}'`
  const t = Array.from({ length: 20 + random.below(20) }, () =>
    [
      maybe(String(random.below(12) - 4)),
      maybe(String((random.below(80) - 40) / 4)),
      maybe(text()),
      maybe(day()),
      maybe(random.chance(50) ? 'true' : 'false'),
      maybe(random.chance(20) ? '9007199254740993' : String(random.below(9))),
      maybe(String((random.below(40) - 10) / 8)),
    ].join(', '),
  )
  const u = Array.from({ length: 5 + random.below(15) }, (_, index) =>
    [
      String(index),
      maybe(String(random.below(8) - 2)),
      maybe(text()),
      maybe(String(random.below(9))),
      maybe(day()),
    ].join(', '),
  )
  return [
    `INSERT INTO t VALUES ${t.map((row) => `(${row})`).join(', ')}`,
    `INSERT INTO u VALUES ${u.map((row) => `(${row})`).join(', ')}`,
  ]
}

/** Makes a random query over the tables. */
export function randomQuery(random: Random): string {
  const shape = random.below(10)
  if (shape === 0) return setOperation(random)
  if (shape < 4) return grouped(random)
  return plain(random)
}

type From = { readonly text: string; readonly columns: readonly Column[] }

function from(random: Random): From {
  switch (random.below(8)) {
    case 0:
    case 1:
      return { text: 't', columns: T }
    case 2:
      return { text: 'u', columns: U }
    case 3:
      return { text: 't, u', columns: [...T, ...U] }
    case 4:
      return { text: `(SELECT a, b, c, d, e, f, g FROM t WHERE ${condition(random, T, 1)}) t`, columns: T }
    default: {
      const kind = random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])
      const extra = random.chance(30) ? ` AND ${condition(random, [...T, ...U], 0)}` : ''
      return { text: `t ${kind} u ON t.a = u.a${kind === 'FULL JOIN' ? '' : extra}`, columns: [...T, ...U] }
    }
  }
}

function where(random: Random, columns: readonly Column[]): string {
  if (random.chance(30)) return ''
  const tests = [condition(random, columns, 2)]
  if (random.chance(25)) tests.push(subqueryTest(random, columns))
  return ` WHERE ${tests.join(' AND ')}`
}

function subqueryTest(random: Random, columns: readonly Column[]): string {
  const number = random.pick(columns.filter((column) => column.kind === 'number')).text
  const inner = `FROM u u2 WHERE u2.h > ${random.below(6)}`
  switch (random.below(5)) {
    case 0:
      return `${number} IN (SELECT u2.a ${inner})`
    case 1:
      return `EXISTS (SELECT 1 ${inner} AND u2.a = ${number})`
    case 2:
      return `NOT EXISTS (SELECT 1 ${inner} AND u2.a = ${number})`
    case 3:
      return `${number} > (SELECT avg(u2.a) ${inner})`
    default:
      return `${number} >= (SELECT count(*) ${inner} AND u2.a = ${number})`
  }
}

function plain(random: Random): string {
  const source = from(random)
  const items = Array.from({ length: 1 + random.below(4) }, () => anyExpression(random, source.columns, 2))
  const distinct = random.chance(20) ? 'DISTINCT ' : ''
  return `SELECT ${distinct}${items.map((item, index) => `${item} AS x${index}`).join(', ')} FROM ${source.text}${where(random, source.columns)}`
}

function grouped(random: Random): string {
  const source = from(random)
  const keys = Array.from({ length: random.below(3) }, () => anyExpression(random, source.columns, 1))
  const aggregates = Array.from({ length: 1 + random.below(3) }, () => aggregate(random, source.columns))
  const items = [...keys, ...aggregates].map((item, index) => `${item} AS x${index}`)
  const having = random.chance(25) ? ` HAVING count(*) > ${random.below(4)}` : ''
  const groups = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, index) => index + 1).join(', ')}`
  return `SELECT ${items.join(', ')} FROM ${source.text}${where(random, source.columns)}${groups}${having}`
}

function aggregate(random: Random, columns: readonly Column[]): string {
  const filter = random.chance(15) ? ` FILTER (WHERE ${condition(random, columns, 1)})` : ''
  const distinct = random.chance(15) ? 'DISTINCT ' : ''
  switch (random.below(6)) {
    case 0:
      return `count(*)${filter}`
    case 1:
      return `count(${distinct}${anyExpression(random, columns, 1)})${filter}`
    case 2:
      return `sum(${distinct}${number(random, columns, 1)})${filter}`
    case 3:
      return `avg(${number(random, columns, 1)})${filter}`
    case 4:
      return `min(${anyExpression(random, columns, 1)})${filter}`
    default:
      return `max(${anyExpression(random, columns, 1)})${filter}`
  }
}

function setOperation(random: Random): string {
  const operator = random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT'])
  return `SELECT a, c FROM t WHERE ${condition(random, unqualified(T), 1)} ${operator} SELECT a, c FROM u WHERE ${condition(random, unqualified(U), 1)}`
}

function unqualified(columns: readonly Column[]): Column[] {
  return columns.map((column) => ({ ...column, text: column.text.slice(2) }))
}

function anyExpression(random: Random, columns: readonly Column[], depth: number): string {
  switch (random.below(6)) {
    case 0:
      return textExpression(random, columns, depth)
    case 1:
      return condition(random, columns, depth)
    case 2:
      return columnOf(random, columns, 'date') ?? number(random, columns, depth)
    default:
      return number(random, columns, depth)
  }
}

function columnOf(random: Random, columns: readonly Column[], kind: Kind): string | undefined {
  const found = columns.filter((column) => column.kind === kind)
  return found.length === 0 ? undefined : random.pick(found).text
}

function number(random: Random, columns: readonly Column[], depth: number): string {
  if (depth === 0 || random.chance(35)) {
    if (random.chance(25)) return random.pick(['1', '2', '-3', '0', '2.5', '1e1', '7'])
    return columnOf(random, columns, 'number') as string
  }
  const inner = () => number(random, columns, depth - 1)
  switch (random.below(11)) {
    case 0:
      return `(${inner()} + ${inner()})`
    case 1:
      return `(${inner()} - ${inner()})`
    case 2:
      return `(${columnOf(random, columns, 'number')} * ${random.pick(['2', '3', '-1', '0'])})`
    case 3:
      return `(${inner()} / ${random.pick(['2', '4', '-5'])})`
    case 4:
      return `(${columnOf(random, columns, 'number')} // ${random.pick(['2', '3', '0'])})`
    case 5:
      return `(${random.pick(['t.a', 'u.a', 't.f', 'u.k'].filter((name) => columns.some((column) => column.text === name)).concat('7'))} % ${random.pick(['2', '3', '0'])})`
    case 6:
      return `- ${inner()}`
    case 7:
      return `CASE WHEN ${condition(random, columns, depth - 1)} THEN ${inner()} ELSE ${inner()} END`
    case 8:
      return `coalesce(${inner()}, ${inner()})`
    case 9:
      return `abs(${inner()})`
    default:
      return `length(${textExpression(random, columns, depth - 1)})`
  }
}

function textExpression(random: Random, columns: readonly Column[], depth: number): string {
  const own = columnOf(random, columns, 'text') as string
  if (depth === 0 || random.chance(40)) return random.chance(80) ? own : `'${random.pick(WORDS)}'`
  const inner = () => textExpression(random, columns, depth - 1)
  switch (random.below(6)) {
    case 0:
      return `upper(${inner()})`
    case 1:
      return `lower(${inner()})`
    case 2:
      return `(${inner()} || ${inner()})`
    case 3:
      return `substring(${inner()}, 1, 2)`
    case 4:
      return `replace(${inner()}, 'a', 'x')`
    default:
      return `nullif(${inner()}, 'a')`
  }
}

function condition(random: Random, columns: readonly Column[], depth: number): string {
  if (depth > 0 && random.chance(45)) {
    const [left, right] = [condition(random, columns, depth - 1), condition(random, columns, depth - 1)]
    return random.pick([`(${left} AND ${right})`, `(${left} OR ${right})`, `(NOT ${left})`])
  }
  const operator = random.pick(['=', '<>', '<', '<=', '>', '>='])
  const simple = Math.max(0, depth - 1)
  switch (random.below(10)) {
    case 0:
      return `(${textExpression(random, columns, simple)} ${operator} ${textExpression(random, columns, simple)})`
    case 1:
      return `(${random.pick(columns).text} IS ${random.chance(50) ? 'NOT ' : ''}NULL)`
    case 2:
      return `(${columnOf(random, columns, 'text')} ${random.chance(30) ? 'NOT ' : ''}LIKE '${random.pick(['a%', '%b', '_b', '%', 'A%', '%b%'])}')`
    case 3:
      return `(${number(random, columns, simple)} ${random.chance(30) ? 'NOT ' : ''}IN (1, 2, ${random.pick(['3', 'NULL', '2.5'])}))`
    case 4:
      return `(${number(random, columns, simple)} BETWEEN ${random.below(3)} AND ${2 + random.below(4)})`
    case 5: {
      const date = columnOf(random, columns, 'date')
      return date === undefined
        ? `(${number(random, columns, simple)} ${operator} 2)`
        : `(${date} ${operator} '2015-06-15')`
    }
    case 6: {
      const bool = columnOf(random, columns, 'bool')
      return bool ?? `(${number(random, columns, simple)} ${operator} 1)`
    }
    case 7:
      return `(${number(random, columns, simple)} IS ${random.chance(50) ? 'NOT ' : ''}DISTINCT FROM ${number(random, columns, simple)})`
    default:
      return `(${number(random, columns, simple)} ${operator} ${number(random, columns, simple)})`
  }
}
