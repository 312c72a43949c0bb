import type { Workload } from '../src/workload.ts'
import { readWorkload } from './document-read.ts'

type Row = Readonly<Record<string, unknown>>

/** Compares groups in any order; keys by their text, since JSON of some engines comes as text. */
function groups(rows: readonly Row[]): unknown {
  return rows
    .map((row) => `${row._id ?? 'null'}: ${Number(row.n)} ${Number(row.total ?? 0)}`)
    .map((line) => line.replaceAll('"', ''))
    .sort()
}

/** Groups documents. */
export const documentGroups: readonly Workload[] = [
  readWorkload({
    name: 'document-group-mixed',
    title: '$group by a field of mixed types, 200 K documents',
    pipeline: [{ $group: { _id: '$mixed', n: { $sum: 1 }, total: { $sum: '$balance' } } }],
    sqlite:
      "SELECT doc ->> '$.mixed' AS _id, count(*) AS n, total(doc ->> '$.balance') AS total FROM people GROUP BY 1",
    duckTyped: "SELECT mixed ->> '$' AS _id, count(*) AS n, sum(balance) AS total FROM people GROUP BY 1",
    duckJson: `SELECT doc ->> '$.mixed' AS _id, count(*) AS n, sum((doc ->> '$.balance')::DOUBLE) AS total
      FROM people_json GROUP BY 1`,
    normal: groups,
    levelWithDuck: false,
  }),
  readWorkload({
    name: 'document-unwind-group',
    title: '$unwind and $group, 200 K documents',
    pipeline: [{ $unwind: '$tags' }, { $group: { _id: '$tags', n: { $sum: 1 }, total: { $sum: '$age' } } }],
    sqlite: `SELECT value AS _id, count(*) AS n, sum(doc ->> '$.age') AS total
      FROM people, json_each(doc, '$.tags') GROUP BY 1`,
    duckTyped:
      'SELECT tag AS _id, count(*) AS n, sum(age) AS total FROM (SELECT unnest(tags) AS tag, age FROM people) GROUP BY 1',
    duckJson: `SELECT tag AS _id, count(*) AS n, sum(age) AS total FROM
      (SELECT unnest((doc -> '$.tags')::VARCHAR[]) AS tag, (doc ->> '$.age')::INTEGER AS age FROM people_json) GROUP BY 1`,
    normal: groups,
    levelWithDuck: false,
  }),
  readWorkload({
    name: 'document-unwind-objects',
    title: '$unwind of objects and $group by a field of theirs, 200 K documents',
    pipeline: [
      { $unwind: '$scores' },
      { $group: { _id: '$scores.subject', n: { $sum: 1 }, total: { $sum: '$scores.points' } } },
    ],
    sqlite: `SELECT value ->> '$.subject' AS _id, count(*) AS n, sum(value ->> '$.points') AS total
      FROM people, json_each(doc, '$.scores') GROUP BY 1`,
    duckTyped: `SELECT s.subject AS _id, count(*) AS n, sum(s.points) AS total
      FROM (SELECT unnest(scores) AS s FROM people) GROUP BY 1`,
    normal: groups,
    levelWithDuck: false,
  }),
  readWorkload({
    name: 'document-lookup-group',
    skipsMingo: true,
    title: '$lookup of 500 departments and $group, 200 K documents',
    pipeline: [
      { $lookup: { from: 'departments', localField: 'department', foreignField: '_id', as: 'joined' } },
      { $unwind: '$joined' },
      { $group: { _id: '$joined.region', n: { $sum: 1 }, total: { $sum: '$balance' } } },
    ],
    sqlite: `SELECT d.doc ->> '$.region' AS _id, count(*) AS n, total(p.doc ->> '$.balance') AS total
      FROM people p CROSS JOIN departments d ON d.id = p.doc ->> '$.department' GROUP BY 1`,
    duckTyped: `SELECT d.region AS _id, count(*) AS n, sum(p.balance) AS total
      FROM people p JOIN departments d ON d._id = p.department GROUP BY 1`,
    duckJson: `SELECT d.region AS _id, count(*) AS n, sum((p.doc ->> '$.balance')::DOUBLE) AS total
      FROM people_json p JOIN departments d ON d._id = (p.doc ->> '$.department')::INTEGER GROUP BY 1`,
    normal: groups,
    levelWithDuck: false,
  }),
]
