import { isSheafError, openStore } from '@sheafdb/core'
import { assert, asyncProperty, constantFrom, array as list } from 'fast-check'
import { test } from 'vitest'
import { SIMPLE_FUNCTIONS } from '../../src/functions/simple.ts'
import { relational } from '../../src/index.ts'

const VALUES = [
  'NULL',
  "''",
  "'a%_\\ é😀'",
  "'2024-02-30'",
  "'9e999'",
  "repeat('x', 100000)",
  '0',
  '-1',
  '9223372036854775807',
  '-9223372036854775808',
  '170141183460469231731687303715884105727',
  '1.5',
  '1e308::DOUBLE',
  "'nan'::DOUBLE",
  "'-inf'::DOUBLE",
  'true',
  "DATE 'infinity'",
  "DATE '-290307-01-01'",
  "TIMESTAMP '294246-01-01 00:00:00'",
  'INTERVAL 5000 YEAR',
  '[1, NULL]',
  "{'a': 1}",
  'x',
  't',
]

const FUNCTIONS = [
  ...SIMPLE_FUNCTIONS.keys(),
  ...[
    'abs',
    'round',
    'floor',
    'exp',
    'power',
    'mod',
    'greatest',
    'length',
    'replace',
    'date_trunc',
    'date_diff',
  ],
  ...[
    'last_day',
    'make_date',
    'list_sort',
    'array_slice',
    'string_split',
    'sum',
    'avg',
    'list',
    'string_agg',
  ],
]

const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '||',
  '=',
  '<',
  'LIKE',
  'IN',
  '&',
  '<<',
  '**',
  '::INTEGER +',
]

const WORDS = [
  ...[
    'SELECT',
    'FROM',
    'WHERE',
    '(',
    ')',
    ',',
    '*',
    'v',
    'x',
    '1',
    "'s'",
    'GROUP BY',
    'ORDER BY',
    'LIMIT',
    'PIVOT',
  ],
  ...[
    'ON',
    'USING',
    'INSERT INTO',
    'VALUES',
    'CREATE TABLE',
    'COPY',
    'SET',
    '=',
    ';',
    '$1',
    '?',
    'WITH',
    'AS',
    '"',
  ],
  ...[
    'UPDATE',
    'DELETE',
    'EXPLAIN',
    'ENUM(',
    '[',
    '{',
    '::',
    'LATERAL',
    'QUALIFY',
    'EXCEPT',
    'COLUMNS(',
    'ALTER TABLE',
  ],
]

/** Runs a text; whatever it throws is a SheafError, and none of them is our own fault. */
async function tolerates(run: () => Promise<unknown>, text: string): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!isSheafError(error) || error.code === 'INTERNAL')
      throw new Error(`not an error for users, of: ${text}`, { cause: error })
  }
}

async function open() {
  const { relational: sql } = await openStore(':memory:', { models: [relational()] })
  await sql.run("CREATE TABLE v(x BIGINT, t VARCHAR); INSERT INTO v VALUES (1, 'a'), (NULL, NULL), (-5, '')")
  return (text: string) => async () => (await sql.run(text)).query?.rows()
}

test('functions and operators of any values give rows or errors for users', async () => {
  const run = await open()
  const value = constantFrom(...VALUES)
  await assert(
    asyncProperty(constantFrom(...FUNCTIONS), list(value, { maxLength: 3 }), async (name, args) => {
      const text = `SELECT ${name}(${args.join(', ')}) FROM v`
      await tolerates(run(text), text)
    }),
    { numRuns: 300 },
  )
  await assert(
    asyncProperty(value, constantFrom(...OPERATORS), value, async (left, operator, right) => {
      const text = `SELECT ${left} ${operator} ${right} FROM v`
      await tolerates(run(text), text)
    }),
    { numRuns: 200 },
  )
})

test('texts of any words give rows or errors for users', async () => {
  const run = await open()
  await assert(
    asyncProperty(list(constantFrom(...WORDS), { maxLength: 14 }), async (words) => {
      const text = words.join(' ')
      await tolerates(run(text), text)
    }),
    { numRuns: 400 },
  )
})
