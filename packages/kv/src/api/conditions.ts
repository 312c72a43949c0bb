import { SheafError } from '@sheafdb/core'

/** Says how long an entry is kept, and under which condition it is written. */
export type PutOptions = {
  /** Milliseconds after which the entry is gone. Without it the entry stays, also where it had a time before. */
  readonly ttl?: number
  /** Writes only where the entry has this version. */
  readonly ifVersion?: number
  /** Writes only where there is no entry. */
  readonly ifAbsent?: boolean
}

/** Finds when an entry expires; `null` for never. @throws `ARGUMENT` */
export function expiryOf(options: { readonly ttl?: number | undefined }, nowMs: number): number | null {
  const { ttl } = options
  if (ttl === undefined) return null
  if (typeof ttl === 'number' && ttl > 0 && Number.isFinite(ttl)) return Math.ceil(nowMs + ttl)
  throw new SheafError('ARGUMENT', `A ttl must be a number of milliseconds above 0: ${String(ttl)}`)
}

/** Tells why an entry must not be written, or `null` where it may. */
export function refusal(options: PutOptions, version: number | null): SheafError | null {
  if (options.ifAbsent === true && version !== null)
    return new SheafError('CONFLICT', `There is an entry of this key already, of version ${version}.`)
  if (options.ifVersion !== undefined && options.ifVersion !== version) {
    const found = version === null ? 'there is no entry' : `its version is ${version}`
    return new SheafError(
      'CONFLICT',
      `The entry is not of the version wanted. Read it again and retry: ${found}, not ${options.ifVersion}`,
    )
  }
  return null
}
