import { describe, expect, test } from 'vitest'
import { MemoryAccount, type MemoryHolder } from '../../src/storage/memory-account.ts'

class Holder implements MemoryHolder {
  sizeBytes: number
  readonly #least: number

  constructor(sizeBytes: number, least = 0) {
    this.sizeBytes = sizeBytes
    this.#least = least
  }

  release(bytes: number): void {
    this.sizeBytes = Math.max(this.#least, this.sizeBytes - bytes)
  }
}

describe('an account of memory', () => {
  test('takes room from what can be read again before a query has to do without', () => {
    const account = new MemoryAccount(1000)
    const [cache, memtables] = [new Holder(600), new Holder(200, 200)]
    account.add(cache)
    account.add(memtables)
    expect(account.reserve(500, 1)).toBe(true)
    expect([cache.sizeBytes, memtables.sizeBytes]).toEqual([300, 200])
    expect(account.reserve(300, 1)).toBe(true)
    expect([cache.sizeBytes, account.reservedBytes]).toEqual([0, 800])
    expect(account.reserve(1, 1)).toBe(false)
    expect([account.heldBytes, account.reservedBytes]).toEqual([200, 800])
  })

  test('is one for all queries, and leaves a share where it is asked to', () => {
    const account = new MemoryAccount(1000)
    expect(account.reserve(600, 0.7)).toBe(true)
    expect(account.reserve(200, 0.7)).toBe(false)
    expect(account.reserve(200, 1)).toBe(true)
    account.release(600)
    expect(account.reserve(200, 0.7)).toBe(true)
  })
})
