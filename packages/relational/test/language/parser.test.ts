import { describe, expect, test } from 'vitest'
import { parseStatements, splitStatements } from '../../src/language/parser/parser.ts'

const one = (sql: string) => parseStatements(sql)[0]

describe('parseStatements', () => {
  test('parts statements at semicolons, outside of texts and brackets', () => {
    expect(splitStatements("SELECT ';' ; DELETE FROM t;;")).toEqual(["SELECT ';' ", 'DELETE FROM t'])
  })

  test('reads INSERT with everything that it may have', () => {
    expect(
      one(
        'INSERT INTO main.t AS x (a, b) SELECT 1, 2 FROM u JOIN v ON u.i = v.i ON CONFLICT (a) DO UPDATE SET b = excluded.b + 1, c = DEFAULT WHERE x.a > 1 RETURNING a, b',
      ),
    ).toMatchObject({
      kind: 'insert',
      table: { name: 't' },
      alias: 'x',
      columns: ['a', 'b'],
      query: { text: 'SELECT 1, 2 FROM u JOIN v ON u.i = v.i' },
      onConflict: {
        action: 'update',
        columns: ['a'],
        set: [
          { columns: ['b'], value: { text: 'excluded.b + 1' } },
          { columns: ['c'], value: { text: 'DEFAULT' } },
        ],
        where: { text: 'x.a > 1' },
      },
      returning: { text: 'a, b' },
    })
  })

  test('reads UPDATE … FROM and DELETE … USING with a WITH clause', () => {
    expect(
      one('WITH w AS (SELECT 1 AS i) UPDATE t SET a = w.i FROM w WHERE t.a IN (SELECT i FROM w)'),
    ).toMatchObject({
      kind: 'update',
      with: { text: 'WITH w AS (SELECT 1 AS i)' },
      from: { text: 'w' },
      where: { text: 't.a IN (SELECT i FROM w)' },
    })
    expect(one('DELETE FROM t x USING u WHERE x.a = u.a')).toMatchObject({
      kind: 'delete',
      alias: 'x',
      using: { text: 'u' },
      where: { text: 'x.a = u.a' },
    })
  })

  test('reads CREATE, DROP, ALTER and COPY', () => {
    expect(one('CREATE OR REPLACE TABLE t (a INT CHECK (a > 1), b DECIMAL(4, 2))')).toMatchObject({
      kind: 'create-table',
      orReplace: true,
      body: { text: 'a INT CHECK (a > 1), b DECIMAL(4, 2)' },
    })
    expect(one('CREATE VIEW v (x) AS SELECT 1')).toMatchObject({ kind: 'create-view', columns: ['x'] })
    expect(one('DROP TABLE IF EXISTS a, b CASCADE')).toMatchObject({ kind: 'drop', ifExists: true })
    expect(one('ALTER TABLE t ADD COLUMN c INTEGER')).toMatchObject({
      change: { text: 'ADD COLUMN c INTEGER' },
    })
    expect(one("COPY t (a) FROM 'x.csv' (HEADER, DELIMITER '|')")).toMatchObject({
      direction: 'from',
      columns: ['a'],
      path: 'x.csv',
      options: [
        { name: 'HEADER', value: '' },
        { name: 'DELIMITER', value: "'|'" },
      ],
    })
  })

  test('tells the place of what it did not expect', () => {
    expect(() => one('UPDATE t SET = 1')).toThrow(
      expect.objectContaining({ code: 'SYNTAX', position: { offset: 13, line: 1, column: 14 } }),
    )
    expect(() => one('DELETE t')).toThrow(expect.objectContaining({ code: 'SYNTAX' }))
  })
})
