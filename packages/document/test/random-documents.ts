import { Decimal128, ObjectId } from '@sheafdb/document'
import fc from 'fast-check'

const number = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(1.5, -0, 2 ** 40),
  fc.bigInt({ min: -3n, max: 3n }),
)
const text = fc.constantFrom('', 'a', 'b', 'Oslo', 'é')
const scalar = fc.oneof(
  number,
  text,
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    new Date(0),
    new Date(5),
    new ObjectId('0123456789abcdef01234567'),
    Decimal128.fromString('1.50'),
  ),
)
const inner = fc.record({ x: fc.oneof(number, text), y: scalar }, { requiredKeys: [], noNullPrototype: true })

/** Makes documents of few keys with many kinds of values; some paths keep one type, others mix. */
export const anyDocument: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    int: fc.integer({ min: -5, max: 5 }),
    double: fc.constantFrom(0.5, 1, 2.5, -1),
    text,
    flag: fc.boolean(),
    when: fc.constantFrom(new Date(0), new Date(5), new Date(10)),
    maybe: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(null)),
    mixed: scalar,
    list: fc.array(scalar, { maxLength: 3 }),
    object: inner,
    objects: fc.oneof(fc.array(inner, { maxLength: 3 }), inner, number),
  },
  { requiredKeys: [], noNullPrototype: true },
)

const path = fc.constantFrom(
  'int',
  'double',
  'text',
  'flag',
  'when',
  'maybe',
  'mixed',
  'list',
  'list.0',
  'object',
  'object.x',
  'object.y',
  'objects.x',
  'objects.y',
  'objects.1.x',
  'nowhere',
  'int.x',
  '_id',
)

const constant = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 2 }) },
)

const condition: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc
    .tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte'), constant)
    .map(([name, value]) => ({ [name]: value })),
  fc
    .tuple(fc.constantFrom('$in', '$nin'), fc.array(constant, { maxLength: 3 }))
    .map(([name, value]) => ({ [name]: value })),
  fc.boolean().map((value) => ({ $exists: value })),
  fc.constantFrom(
    { $type: 'number' },
    { $type: ['string', 'null'] },
    { $type: 'array' },
    { $size: 1 },
    { $regex: '^[aO]' },
  ),
  fc.constantFrom({ $mod: [2, 1] }, { $all: ['a'] }, { $elemMatch: { $gt: 0 } }, { $elemMatch: { x: 1 } }),
)

const field = fc
  .tuple(
    path,
    fc.oneof(
      condition,
      condition.map(($not) => ({ $not })),
      constant.filter((value) => typeof value !== 'object' || value === null),
      fc.tuple(condition, condition).map(([a, b]) => ({ ...a, ...b })),
    ),
  )
  .map(([name, value]) => ({ [name]: value }))

/** Makes filters over the paths of {@link anyDocument}. */
export const anyFilter: fc.Arbitrary<Record<string, unknown>> = fc.letrec<{
  filter: Record<string, unknown>
}>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    field,
    fc.tuple(field, field).map(([a, b]) => ({ ...a, ...b })),
    fc
      .tuple(fc.constantFrom('$and', '$or', '$nor'), fc.array(tie('filter'), { minLength: 1, maxLength: 3 }))
      .map(([name, filters]) => ({ [name]: filters })),
  ),
})).filter

/** Renders a value so that two are equal as text exactly where they are the same in kind, value and order of keys. */
export function exactText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return `date(${value.getTime()})`
  if (value instanceof ObjectId) return `id(${value.toHexString()})`
  if (value instanceof Decimal128) return `decimal(${value})`
  if (value instanceof RegExp) return String(value)
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`
  if (Array.isArray(value)) return `[${value.map(exactText).join()}]`
  return `{${Object.keys(value)
    .map((key) => `${JSON.stringify(key)}:${exactText((value as Record<string, unknown>)[key])}`)
    .join()}}`
}
