import fc from 'fast-check'

const key = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'c',
    'name',
    'tags',
    '__proto__',
    'constructor',
    '',
    '1',
    '02',
    'ключ',
    '🗝',
    'a.b',
    '$x',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
)

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.double(),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31), 2 ** 53, 5e-324),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(2n ** 63n, -(2n ** 63n), 10n ** 38n, -(10n ** 40n), 0n),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\ud800', 'a\udfff', 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(40)),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 8 }),
  fc.constant(Uint8Array.of(0xf5, 0x53, 0x48, 0x46, 1, 2)),
  fc.constantFrom(/a+/gi, /[/]\\/u),
)

const entries = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.array(fc.tuple(key, item), { maxLength: 6 }).map((pairs) => {
    const object: Record<string, T> = {}
    for (const [name, value] of pairs)
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
    return object
  })

/** Makes random values of every kind that can be stored. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    entries(tie('value')),
    fc.array(tie('value'), { maxLength: 5 }),
  ),
})).value

/** Makes random documents that mostly have the same keys and types, with exceptions. */
export const similarDocument: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record(
      {
        id: fc.oneof({ weight: 9, arbitrary: fc.integer() }, { weight: 1, arbitrary: scalar }),
        name: fc.constantFrom('Ada', 'Bo', 'Chi'),
        score: fc.oneof(fc.double(), fc.integer(), fc.constant(null)),
        big: fc.bigInt({ min: -9n, max: 9n }),
        when: fc.date({ noInvalidDate: true }),
        active: fc.boolean(),
        address: fc.oneof(
          {
            weight: 5,
            arbitrary: fc.record({ city: fc.string(), zip: fc.integer() }, { requiredKeys: ['city'] }),
          },
          { weight: 1, arbitrary: fc.string() },
        ),
        tags: fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
        items: fc.array(fc.record({ sku: fc.string(), n: fc.integer() }, { requiredKeys: [] }), {
          maxLength: 3,
        }),
      },
      { requiredKeys: ['id', 'name'] },
    ),
    entries(scalar),
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([document, extra, order]) =>
    order === 0 ? { ...extra, ...document } : order < 4 ? { ...document, ...extra } : document,
  )

/** Renders a value so that two are equal as text exactly where they are the same in kind, value and order of keys. */
export function exactText(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'string':
      return `"${Buffer.from(value, 'utf16le').toString('hex')}"`
    case 'object': {
      if (value === null) return 'null'
      if (value instanceof Date) return `date(${value.getTime()})`
      if (value instanceof RegExp) return `regexp(${value})`
      if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`
      if (Array.isArray(value)) return `[${value.map(exactText).join(',')}]`
      return `{${Object.keys(value)
        .map((name) => `${exactText(name)}:${exactText((value as Record<string, unknown>)[name])}`)
        .join(',')}}`
    }
    default:
      return String(value)
  }
}
