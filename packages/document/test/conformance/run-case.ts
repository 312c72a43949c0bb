import { isSheafError, type Store } from '@sheafdb/core'
import type { DocumentApi } from '@sheafdb/document'
import { ObjectId } from '@sheafdb/document'
import { fromExtendedJson } from './extended-json.ts'

/** Is a case of the suite; its README tells what the parts mean. */
export type Case = {
  readonly id: string
  readonly calls: readonly { readonly on: string; readonly call: string; readonly args: readonly unknown[] }[]
  readonly expect: Readonly<Record<string, unknown>>
}

type Outcome = {
  readonly ok: boolean
  readonly why: string
  /** Of a case that expects an error: whether the error carries MongoDB's very code. */
  readonly exact?: boolean
}

/** Is a store with documents. */
export type DocumentStore = Store & { readonly document: DocumentApi }

/** Runs a case on a store that holds no collections, and leaves it so. */
export async function runCase(store: DocumentStore, item: Case): Promise<Outcome> {
  for (const name of store.document.list()) await store.document.drop(name)
  const last = item.calls.length - 1
  let result: unknown
  let failure: unknown
  for (const [index, { on, call, args }] of item.calls.entries()) {
    try {
      const value = await runCall(store, { on, call, args: args.map(fromExtendedJson) })
      if (index === last) result = value
    } catch (error) {
      if (index === last) failure = error
    }
  }
  return judge(item.expect, result, failure)
}

async function runCall(
  store: DocumentStore,
  { on, call, args }: { readonly on: string; readonly call: string; readonly args: readonly unknown[] },
): Promise<unknown> {
  if (call === 'drop') return store.document.drop(on)
  const collection = store.document(on) as unknown as Record<string, (...args: unknown[]) => unknown>
  const method = collection[call] as (...args: unknown[]) => unknown
  const value = method.apply(collection, [...args])
  return ['find', 'aggregate', 'distinct', 'listIndexes'].includes(call)
    ? (value as { rows(): Promise<unknown> }).rows()
    : value
}

const NOT_THE_CALLER = ['UNSUPPORTED', 'INTERNAL', 'IO', 'CLOSED', 'CORRUPT', 'MEMORY_LIMIT']

function judge(expect: Case['expect'], result: unknown, failure: unknown): Outcome {
  if ('error' in expect) {
    if (failure === undefined)
      return { ok: false, why: `expected error ${expect.error}, got ${show(result)}` }
    const ok = isSheafError(failure) && !NOT_THE_CALLER.includes(failure.code)
    const exact = (failure as { readonly mongoCode?: number }).mongoCode === expect.error
    return { ok, exact, why: `expected error ${expect.error}, got ${String(failure)}` }
  }
  if (failure !== undefined) return { ok: false, why: `got ${String(failure)}` }
  if ('rows' in expect) return judgeValue(fromExtendedJson(expect.rows), result, expect)
  if ('value' in expect) return judgeValue(fromExtendedJson(expect.value), result, expect)
  if ('reply' in expect)
    return judgeValue(fromExtendedJson(expect.reply), replyOf(result as never), { ...expect, partial: true })
  if ('checks' in expect) return judgeChecks(expect.checks as Check[], result)
  return { ok: true, why: '' }
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item))?.slice(0, 300) ??
    'undefined'
  )
}

function judgeValue(expected: unknown, actual: unknown, rules: Case['expect']): Outcome {
  const ok =
    rules.anyOrder === true ? sameSet(expected, actual, rules) : same(expected, actual, { rules, path: '' })
  return { ok, why: ok ? '' : `expected ${show(expected)}, got ${show(actual)}` }
}

function sameSet(expected: unknown, actual: unknown, rules: Case['expect']): boolean {
  if (!Array.isArray(expected) || !Array.isArray(actual) || expected.length !== actual.length) return false
  const left = [...actual]
  return expected.every((item) => {
    const at = left.findIndex((other) => same(item, other, { rules, path: '' }))
    if (at === -1) return false
    left.splice(at, 1)
    return true
  })
}

type Place = { readonly rules: Case['expect']; readonly path: string }

function same(expected: unknown, actual: unknown, { rules, path }: Place): boolean {
  if (typeof expected === 'number' || typeof expected === 'bigint') {
    if (typeof actual !== 'number' && typeof actual !== 'bigint') return false
    if (rules.strict === true && typeof expected !== typeof actual) return false
    // biome-ignore lint/suspicious/noDoubleEquals: numbers of both kinds count by value.
    return expected == actual || (Number.isNaN(expected) && Number.isNaN(actual))
  }
  if (typeof expected !== 'object' || expected === null) return expected === actual
  if (expected instanceof Date) return actual instanceof Date && actual.getTime() === expected.getTime()
  if (expected instanceof ObjectId) return actual instanceof ObjectId && actual.equals(expected)
  if (expected instanceof RegExp) return String(expected) === String(actual)
  if (Array.isArray(expected)) return sameArray(expected, actual, { rules, path })
  return sameObject(expected as Record<string, unknown>, actual, { rules, path })
}

function sameArray(expected: readonly unknown[], actual: unknown, { rules, path }: Place): boolean {
  if (!Array.isArray(actual) || actual.length !== expected.length) return false
  const loose = rules.anyOrderIn as string[] | undefined
  if (loose?.includes(path)) {
    const rest = [...actual]
    return expected.every((item) => {
      const at = rest.findIndex((other) => same(item, other, { rules, path }))
      if (at !== -1) rest.splice(at, 1)
      return at !== -1
    })
  }
  return expected.every((item, index) => same(item, actual[index], { rules, path }))
}

function sameObject(expected: Record<string, unknown>, actual: unknown, { rules, path }: Place): boolean {
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return false
  const keys = Object.keys(expected)
  const others = Object.keys(actual)
  if (rules.partial !== true && keys.length !== others.length) return false
  if (rules.partial !== true && rules.unordered !== true && keys.some((key, index) => key !== others[index]))
    return false
  return keys.every(
    (key) =>
      Object.hasOwn(actual, key) &&
      same(expected[key], (actual as Record<string, unknown>)[key], {
        rules,
        path: path === '' ? key : `${path}.${key}`,
      }),
  )
}

/** Gives the counts of a write as MongoDB's commands reply. */
function replyOf(result: Record<string, unknown>): Record<string, unknown> {
  const count = (name: string): number => (typeof result[name] === 'number' ? (result[name] as number) : 0)
  const inserted = result.insertedId === undefined ? count('insertedCount') : 1
  const upserted =
    count('upsertedCount') === 0
      ? []
      : 'upsertedIds' in result
        ? Object.entries(result.upsertedIds as object).map(([index, _id]) => ({ index: Number(index), _id }))
        : [{ index: 0, _id: result.upsertedId }]
  return {
    n: inserted + count('matchedCount') + count('upsertedCount') + count('deletedCount'),
    nModified: count('modifiedCount'),
    ...(upserted.length === 0 ? {} : { upserted }),
  }
}

type Check = { readonly path: string; readonly check: string; readonly to: unknown }

function judgeChecks(checks: readonly Check[], result: unknown): Outcome {
  for (const { path, check, to } of checks) {
    const value = path.split('.').filter(Boolean).reduce<unknown>(step, result)
    if (!holds(check, value, fromExtendedJson(to)))
      return { ok: false, why: `${path} ${check} ${show(to)}, got ${show(value)}` }
  }
  return { ok: true, why: '' }
}

function step(value: unknown, part: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  int: (value) => typeof value === 'number' && Number.isInteger(value),
  long: (value) => typeof value === 'bigint' || typeof value === 'number',
  double: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  objectId: (value) => value instanceof ObjectId,
  array: Array.isArray,
  null: (value) => value === null,
  object: (value) => typeof value === 'object' && value !== null,
}

function holds(check: string, value: unknown, to: unknown): boolean {
  switch (check) {
    case 'Eq':
      return same(to, value, { rules: {}, path: '' })
    case 'Ne':
      return !same(to, value, { rules: {}, path: '' })
    case 'Len':
      return Array.isArray(value) && value.length === to
    case 'Exists':
      return value !== undefined
    case 'NotExists':
      return value === undefined
    case 'OrderedKeys':
      return JSON.stringify(Object.keys(value as object)) === JSON.stringify(to)
    case 'IsType':
      return TYPES[to as string]?.(value) ?? false
    case 'Gt':
      return (value as number) > (to as number)
    case 'Gte':
      return (value as number) >= (to as number)
    case 'Lt':
      return (value as number) < (to as number)
    case 'Lte':
      return (value as number) <= (to as number)
    case 'Contains':
      return Array.isArray(value) && value.some((item) => same(to, item, { rules: {}, path: '' }))
    default:
      throw new Error(`The check ${check} is not known to this runner.`)
  }
}
