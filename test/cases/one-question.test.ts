import { col, count, mean, openStore, type Query } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { graph } from '@sheafdb/graph'
import { rdf } from '@sheafdb/rdf'
import { relational } from '@sheafdb/relational'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PEOPLE = [
  { name: 'Ada', age: 36, city: 'Oslo' },
  { name: 'Bob', age: 20, city: 'Rome' },
  { name: 'Cid', age: 40, city: 'Rome' },
  { name: 'Dee', age: 40, city: 'Oslo' },
  { name: '😀', age: 31, city: null },
]

const open = () => openStore(':memory:', { models: [relational(), document(), graph(), rdf()] })
type Opened = Awaited<ReturnType<typeof open>>

/** Is one question in every language. SPARQL gives terms, which `plain` turns into values. */
type Question = {
  readonly name: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly isOrdered: boolean
  readonly ask: (
    store: Opened,
  ) => Readonly<Record<'sql' | 'mongo' | 'cypher' | 'sparql' | 'dataframe', Asked>>
}

type Asked = Pick<Query, 'select' | 'explain'>

const QUESTIONS: readonly Question[] = [
  {
    name: 'who is older than 35',
    rows: [
      { name: 'Ada', age: 36 },
      { name: 'Cid', age: 40 },
      { name: 'Dee', age: 40 },
    ],
    isOrdered: false,
    ask: (store) => ({
      sql: store.relational.query('SELECT name, age FROM people WHERE age > 35'),
      mongo: store
        .document('folk')
        .find({ age: { $gt: 35 } }, { projection: { _id: 0, name: 1, age: 1 } }) as unknown as Query,
      cypher: cypher(store, 'MATCH (p:Person) WHERE p.age > 35 RETURN p.name AS name, p.age AS age'),
      sparql: sparql(store, '?name ?age', '?p :name ?name ; :age ?age FILTER(?age > 35)'),
      dataframe: store.from('people').filter(col('age').gt(35)).select(['name', 'age']),
    }),
  },
  {
    name: 'the three youngest, by name where they are of one age',
    rows: [
      { name: 'Bob', age: 20 },
      { name: '😀', age: 31 },
      { name: 'Ada', age: 36 },
    ],
    isOrdered: true,
    ask: (store) => ({
      sql: store.relational.query('SELECT name, age FROM people ORDER BY age, name LIMIT 3'),
      mongo: store
        .document('folk')
        .find(
          {},
          { projection: { _id: 0, name: 1, age: 1 }, sort: { age: 1, name: 1 }, limit: 3 },
        ) as unknown as Query,
      cypher: cypher(
        store,
        'MATCH (p:Person) RETURN p.name AS name, p.age AS age ORDER BY age, name LIMIT 3',
      ),
      sparql: sparql(store, '?name ?age', '?p :name ?name ; :age ?age', 'ORDER BY ?age ?name LIMIT 3'),
      dataframe: store.from('people').select(['name', 'age']).sort(['age', 'name']).limit(3),
    }),
  },
  {
    name: 'how many there are in each city, and their mean age',
    rows: [
      { city: 'Oslo', people: 2, age: 38 },
      { city: 'Rome', people: 2, age: 30 },
    ],
    isOrdered: false,
    ask: (store) => ({
      sql: store.relational.query(
        'SELECT city, count(*) AS people, avg(age) AS age FROM people WHERE city IS NOT NULL GROUP BY city',
      ),
      mongo: store
        .document('folk')
        .aggregate([
          { $match: { city: { $ne: null } } },
          { $group: { _id: '$city', people: { $sum: 1 }, age: { $avg: '$age' } } },
          { $project: { _id: 0, city: '$_id', people: 1, age: 1 } },
        ]) as unknown as Query,
      cypher: cypher(
        store,
        'MATCH (p:Person) WHERE p.city IS NOT NULL RETURN p.city AS city, count(*) AS people, avg(p.age) AS age',
      ),
      sparql: sparql(
        store,
        '?city (COUNT(*) AS ?people) (AVG(?a) AS ?age)',
        '?p :city ?city ; :age ?a',
        'GROUP BY ?city',
      ),
      dataframe: store
        .from('people')
        .filter(col('city').isNotNull())
        .groupBy('city')
        .agg({ people: count(), age: mean('age') }),
    }),
  },
]

/** The graph is a view over the table that SQL reads: the same stored rows. */
function cypher(store: Opened, text: string): Asked {
  return store.graph
    .view('society', { nodes: { Person: { from: 'people', key: 'name' } }, edges: {} })
    .query(text)
}

function sparql(store: Opened, select: string, pattern: string, rest = ''): Asked {
  return store
    .rdf('kb')
    .query(`PREFIX : <http://example.org/> SELECT ${select} WHERE { ${pattern} } ${rest}`) as unknown as Asked
}

describe('one question in five languages', () => {
  let store: Opened

  beforeAll(async () => {
    store = await open()
    await store.relational.run(
      'CREATE TABLE people (name VARCHAR NOT NULL, age BIGINT NOT NULL, city VARCHAR)',
    )
    for (const { name, age, city } of PEOPLE)
      await store.relational.run('INSERT INTO people VALUES ($1, $2, $3)', [name, age, city])
    await store.document('folk').insertMany(PEOPLE.map((person) => ({ ...person })))
    const triples = PEOPLE.map(
      ({ name, age, city }, at) =>
        `:p${at} :name "${name}" ; :age ${age}${city === null ? '' : ` ; :city "${city}"`} .`,
    )
    await store.rdf('kb').update(`PREFIX : <http://example.org/> INSERT DATA { ${triples.join('\n')} }`)
  })
  afterAll(() => store.close())

  for (const question of QUESTIONS) {
    test(`gives the same rows: ${question.name}`, async () => {
      for (const [language, query] of Object.entries(question.ask(store)))
        expect(await rowsOf(query, question), language).toEqual(question.rows)
    })
  }

  test('gives the same optimized plan in SQL, openCypher and the dataframe over one table', async () => {
    for (const question of QUESTIONS) {
      const { sql, cypher, dataframe } = question.ask(store)
      const plan = await planOf(sql)
      expect(await planOf(cypher), `openCypher: ${question.name}`).toBe(plan)
      expect(await planOf(dataframe), `the dataframe: ${question.name}`).toBe(plan)
    }
  })

  test('gives the same optimized plan in SQL, MongoDB and the dataframe over one collection', async () => {
    const mongo = store
      .document('folk')
      .find({ age: { $gt: 35 } }, { projection: { _id: 0, name: 1, age: 1 } })
    const plan = await planOf(store.relational.query('SELECT name, age FROM folk WHERE age > 35'))
    expect(await planOf(mongo as unknown as Asked)).toBe(plan)
    expect(await planOf(store.from('folk').filter(col('age').gt(35)).select(['name', 'age']))).toBe(plan)
  })

  test('gives that of a table and that of a collection but for the path to the field', async () => {
    const text = (name: string) => `SELECT name, age FROM ${name} WHERE age > 35`
    const table = await planOf(store.relational.query(text('people')))
    const collection = await planOf(store.relational.query(text('folk')))
    expect(collection.replaceAll('document.', '')).toBe(table)
  })

  test('gives the same optimized plan in SPARQL over a view of the table', async () => {
    const people = store.rdf.view('society', {
      base: 'http://example.org/',
      tables: { people: { key: 'name' } },
    })
    const prefix = 'PREFIX : <http://example.org/people#>'
    for (const [pattern, text] of [
      ['{ ?p :name ?name ; :age ?age FILTER(?age > 35) }', 'SELECT name, age FROM people WHERE age > 35'],
      [
        '{ ?p :name ?name ; :age ?age } ORDER BY ?age ?name LIMIT 3',
        'SELECT name, age FROM people ORDER BY age, name LIMIT 3',
      ],
    ] as const) {
      const query = people.query(`${prefix} SELECT ?name ?age ${pattern}`) as unknown as Asked
      expect(await planOf(query)).toBe(await planOf(store.relational.query(text)))
    }
  })

  test('reads quads by their predicate in SPARQL', async () => {
    const [question] = QUESTIONS as [Question]
    expect(await planOf(question.ask(store).sparql)).toMatch(/scan TABLE \[.*\] where \(predicate = \d+\)/)
  })
})

/** Gives rows of plain values: the columns asked for, without what a language makes of them for its users. */
async function rowsOf(query: Asked, { rows: expected, isOrdered }: Question) {
  const names = Object.keys(expected[0] as object)
  const rows = await query.select(names).rows()
  const [first] = names as [string]
  return isOrdered ? rows : rows.sort((left, right) => (String(left[first]) < String(right[first]) ? -1 : 1))
}

/** Gives the optimized plan as text: the table without its name, columns without the marks that tell ids apart. */
async function planOf(query: Asked): Promise<string> {
  const text = (await query.explain()).split('optimized plan\n')[1] as string
  const lines = text
    .replaceAll(/#\d+/g, '')
    .replaceAll(/ {2}-- .*/g, '')
    .replaceAll(/scan \S+/g, 'scan TABLE')
    .replaceAll(/\b(\w+) as \1\b/g, '$1')
    .replaceAll(
      /scan TABLE \[(.*?)\]/g,
      (_, columns: string) => `scan TABLE [${columns.split(', ').sort().join(', ')}]`,
    )
    .split('\n')
    .map((line) => line.trim().replaceAll(/(\w+\([\w*]*\)) as [^,\]]+/g, '$1'))
  // These plans have one node a line, each the input of the one before. What only renames columns is left out.
  return lines.filter((line, at) => line !== '' && !onlyRenames(line, lines[at + 1])).join('\n')
}

function onlyRenames(line: string, below: string | undefined): boolean {
  if (/^project \[\w+(, \w+)*\]$/.test(line)) return true
  return line.startsWith('project') && below?.startsWith('aggregate') === true
}
