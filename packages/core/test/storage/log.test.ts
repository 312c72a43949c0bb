import { describe, expect, test } from 'vitest'
import { FaultFileSystem } from '../../src/storage/fault-file-system.ts'
import { LogWriter, logPath, readLog } from '../../src/storage/log.ts'

const PATH = logPath('store', 1)
const HEADER_BYTES = 24

async function written(
  count: number,
  disk: FaultFileSystem = new FaultFileSystem(),
): Promise<FaultFileSystem> {
  const log = LogWriter.create(disk, 'store', { number: 1, base: 10, durability: 'commit' })
  for (let at = 1; at <= count; at += 1) {
    log.append(
      10 + at,
      Uint8Array.from({ length: at }, () => at),
    )
    await log.settled(10 + at)
  }
  return disk
}

describe('the log', () => {
  test('gives back what was appended', async () => {
    const content = readLog(await written(3), PATH)
    expect(content.commits.map((each) => [each.sequence, ...each.payload])).toEqual([
      [11, 1],
      [12, 2, 2],
      [13, 3, 3, 3],
    ])
    expect(content).toMatchObject({ base: 10, last: 13 })
  })

  test('takes space behind its records, and gives it back when it is closed', async () => {
    const disk = new FaultFileSystem()
    const log = LogWriter.create(disk, 'store', { number: 1, base: 10, durability: 'commit' })
    log.append(11, Uint8Array.of(1))
    const taken = disk.sizeOf(PATH)
    for (let at = 12; at <= 100; at += 1) log.append(at, Uint8Array.of(at))
    expect(disk.sizeOf(PATH)).toBe(taken)
    const { endOffset, last } = readLog(disk, PATH)
    expect(last).toBe(100)
    expect(taken).toBeGreaterThan(endOffset)
    await log.close()
    expect(readLog(disk, PATH)).toMatchObject({ last: 100, torn: false })
    expect(disk.sizeOf(PATH)).toBeLessThan(endOffset + 100)
  })

  test('takes no space where nobody waits for the disk, nor behind large records', () => {
    for (const [durability, size] of [
      ['none', 1],
      ['commit', 100_000],
    ] as const) {
      const disk = new FaultFileSystem()
      const log = LogWriter.create(disk, 'store', { number: 1, base: 0, durability })
      log.append(1, new Uint8Array(size))
      expect(readLog(disk, PATH)).toMatchObject({ last: 1, torn: false })
    }
  })

  test('ends at a torn tail', async () => {
    const disk = await written(3)
    disk.cut(PATH, readLog(disk, PATH).endOffset - 8)
    expect(readLog(disk, PATH)).toMatchObject({ last: 12, torn: true })
  })

  test('says CORRUPT, with file and offset, where a record is bad that was on the disk before later ones', async () => {
    const disk = await written(3)
    disk.flipBit(PATH, (HEADER_BYTES + 32) * 8)
    expect(() => readLog(disk, PATH)).toThrow(
      expect.objectContaining({ code: 'CORRUPT', path: PATH, offset: HEADER_BYTES }),
    )
  })

  test('takes records that were never synced together for one torn tail, in whatever order they reached the disk', () => {
    const disk = new FaultFileSystem()
    const log = LogWriter.create(disk, 'store', { number: 1, base: 10, durability: 'none' })
    for (let at = 1; at <= 3; at += 1) log.append(10 + at, new Uint8Array(8))
    disk.flipBit(PATH, (HEADER_BYTES + 32) * 8)
    expect(readLog(disk, PATH)).toMatchObject({ last: 10, torn: true })
  })

  test('is damaged where its header is bad and a record is found in it', async () => {
    const disk = await written(1)
    disk.flipBit(PATH, 3)
    expect(() => readLog(disk, PATH)).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
  })

  test('refuses to be read where a newer version wrote it', async () => {
    const disk = await written(0)
    const handle = disk.open(PATH, 'update')
    const header = handle.read(0, HEADER_BYTES)
    const { crc32c } = await import('../../src/storage/checksum.ts')
    const view = new DataView(header.buffer)
    view.setUint32(8, 99, true)
    view.setUint32(12, crc32c(header.subarray(16), crc32c(header.subarray(0, 12))), true)
    handle.write(0, header)
    expect(() => readLog(disk, PATH)).toThrow(expect.objectContaining({ code: 'VERSION' }))
  })

  test('shares a sync among commits that wait at the same time', async () => {
    let syncs = 0
    const disk = new FaultFileSystem({
      fault: (_, call) => {
        if (call === 'sync') syncs += 1
        return 'none'
      },
    })
    const log = LogWriter.create(disk, 'store', { number: 1, base: 0, durability: 'commit' })
    syncs = 0
    const waits = Array.from({ length: 50 }, (_, at) => {
      log.append(at + 1, new Uint8Array(8))
      return log.settled(at + 1)
    })
    await Promise.all(waits)
    expect(syncs).toBe(1)
  })

  test('takes nothing more after a sync that failed', async () => {
    const disk = new FaultFileSystem()
    const log = LogWriter.create(disk, 'store', { number: 1, base: 0, durability: 'commit' })
    disk.fault = (_, call) => (call === 'sync' ? 'fail' : 'none')
    log.append(1, new Uint8Array(8))
    await expect(log.settled(1)).rejects.toMatchObject({ code: 'IO' })
    disk.fault = () => 'none'
    expect(() => log.append(2, new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'IO' }))
  })
})
