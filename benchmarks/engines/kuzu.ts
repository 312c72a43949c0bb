import { type ChildProcess, fork } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

/** Is a row of a result: values by column name. */
export type KuzuRow = Record<string, unknown>

/** Is an engine of the Kuzu family, open on a file. Statements are prepared once. */
export type KuzuEngine = {
  run(cypher: string, parameters?: Record<string, unknown>): Promise<KuzuRow[]>
  close(): Promise<void>
}

/** Names the packages of the family; two of them cannot be loaded in one process. */
export type KuzuPackage = 'kuzu' | '@ladybugdb/core'

/** Opens Kuzu, or the package that goes on from it, in this process. */
export async function openKuzu(path: string, name: KuzuPackage = 'kuzu', threads = 2): Promise<KuzuEngine> {
  const kuzu = require(name) as typeof import('kuzu')
  await mkdir(dirname(path), { recursive: true })
  const database = new kuzu.Database(path)
  const connection = new kuzu.Connection(database, threads)
  const prepared = new Map<string, Awaited<ReturnType<typeof connection.prepare>>>()
  return {
    run: async (cypher, parameters) => {
      if (parameters === undefined) return rowsOf(await connection.query(cypher))
      let statement = prepared.get(cypher)
      if (statement === undefined) {
        statement = await connection.prepare(cypher)
        prepared.set(cypher, statement)
      }
      return rowsOf(await connection.execute(statement, parameters as never))
    },
    close: async () => {
      await connection.close()
      await database.close()
    },
  }
}

async function rowsOf(result: unknown): Promise<KuzuRow[]> {
  const one = (Array.isArray(result) ? result[0] : result) as { getAll(): Promise<KuzuRow[]> }
  const rows = await one.getAll()
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
    ),
  )
}

/** Opens Ladybug in a process of its own; a message there and back costs about 0.1 ms, which its times include. */
export async function openLadybug(path: string): Promise<KuzuEngine> {
  await mkdir(dirname(path), { recursive: true })
  const child = fork(fileURLToPath(import.meta.url), [path], {
    env: { ...process.env, SHEAF_BENCH_ENGINE: '@ladybugdb/core' },
  })
  await answerOf(child)
  return {
    run: async (cypher, parameters) => {
      child.send({ cypher, parameters })
      return answerOf(child)
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.send({ close: true })
      await ended
    },
  }
}

function answerOf(child: ChildProcess): Promise<KuzuRow[]> {
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error('The engine ended.'))
    child.once('exit', failed)
    child.once('message', (answer: { rows?: KuzuRow[]; error?: string }) => {
      child.off('exit', failed)
      if (answer.error === undefined) resolve(answer.rows ?? [])
      else reject(new Error(answer.error))
    })
  })
}

type Request = {
  readonly cypher: string
  readonly parameters?: Record<string, unknown>
  readonly close?: boolean
}

const served = process.env['SHEAF_BENCH_ENGINE']
if (
  served !== undefined &&
  process.send !== undefined &&
  process.argv[1] === fileURLToPath(import.meta.url)
) {
  const engine = await openKuzu(process.argv[2] as string, served as KuzuPackage)
  const answer = (message: object): void => void process.send?.(message)
  process.on('message', (request: Request) => {
    if (request.close === true) void engine.close().then(() => process.exit(0))
    else
      engine.run(request.cypher, request.parameters).then(
        (rows) => answer({ rows }),
        (error: unknown) => answer({ error: String(error) }),
      )
  })
  answer({ rows: [] })
}
