import { ObjectId } from '@sheafdb/document'

/** Reads MongoDB's Extended JSON as the suite writes it: an object with exactly one of these keys is a value. */
export function fromExtendedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromExtendedJson)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (first !== undefined && entries.length === 1) {
    const special = specialValue(first[0], first[1])
    if (special !== undefined) return special
  }
  const object: Record<string, unknown> = {}
  for (const [key, item] of entries)
    Object.defineProperty(object, key, {
      value: fromExtendedJson(item),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  return object
}

function specialValue(key: string, value: unknown): unknown {
  switch (key) {
    case '$numberLong':
      return BigInt(value as string)
    case '$numberDouble':
      return Number(value)
    case '$oid':
      return new ObjectId(value as string)
    case '$date':
      return typeof value === 'string'
        ? new Date(value)
        : new Date(Number((value as { $numberLong: string }).$numberLong))
    case '$regularExpression': {
      const { pattern, options } = value as { pattern: string; options: string }
      return new RegExp(pattern, options.replaceAll(/[^imsu]/g, ''))
    }
    default:
      return undefined
  }
}
