import { DuckDBInstance, type DuckDBPreparedStatement } from '@duckdb/node-api'
import { fromDuckError } from './errors.ts'
import { makeScanFunction } from './scan-function.ts'
import { makeSequenceFunctions } from './sequence-functions.ts'
import { DuckSession } from './session.ts'

/** Tunes the DuckDB that stands behind SQL. */
export type DuckOptions = {
  /** Threads of DuckDB; by default as many as the machine has. */
  readonly threads?: number
  /** What DuckDB may hold, as DuckDB writes it: `1GiB`. */
  readonly memoryLimit?: string
}

/** Says what a DuckDB may reach. */
export type DuckAccess = {
  /** True for the instance that COPY reads and writes files with. */
  readonly files: boolean
}

const DEFAULT_MEMORY_LIMIT = '1GiB'

/**
 * Is the one DuckDB of a model: opened when first needed, in memory, with no data of its own. It parses SQL, checks
 * it, and runs what the common plan cannot express. Queries reach no file and no network through it; a second one, for
 * COPY alone, reads and writes files.
 */
export class DuckDatabase {
  readonly #options: DuckOptions
  readonly #access: DuckAccess
  readonly #sessions = new Map<number, DuckSession>()
  readonly #idle: DuckSession[] = []
  #queries: Promise<DuckDBInstance> | undefined
  #parser: Promise<DuckDBPreparedStatement> | undefined
  #parsing: Promise<unknown> = Promise.resolve()
  #opened = 0

  constructor(options: DuckOptions = {}, access: DuckAccess = { files: false }) {
    this.#options = options
    this.#access = access
  }

  #settings(): Record<string, string> {
    const { threads, memoryLimit = DEFAULT_MEMORY_LIMIT } = this.#options
    return {
      ...(threads === undefined ? {} : { threads: String(threads) }),
      memory_limit: memoryLimit,
      autoinstall_known_extensions: 'false',
    }
  }

  async #open(): Promise<DuckDBInstance> {
    const instance = await DuckDBInstance.create(':memory:', {
      ...this.#settings(),
      ...(this.#access.files ? {} : { autoload_known_extensions: 'false', enable_external_access: 'false' }),
    })
    const connection = await instance.connect()
    const sessionOf = (id: number) => this.#sessions.get(id)
    connection.registerTableFunction(makeScanFunction(sessionOf))
    for (const sequence of makeSequenceFunctions(sessionOf)) connection.registerScalarFunction(sequence)
    connection.closeSync()
    return instance
  }

  #instance(): Promise<DuckDBInstance> {
    this.#queries ??= this.#open()
    return this.#queries
  }

  /** Gives an idle session, or a new one; give it back with `release`. */
  async acquire(): Promise<DuckSession> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    this.#opened += 1
    const catalog = `sheaf_session_${this.#opened}`
    const instance = await this.#instance()
    const session = await DuckSession.open(await instance.connect(), catalog)
    this.#sessions.set(session.id, session)
    return session
  }

  /** Takes a session back. */
  release(session: DuckSession): void {
    session.relations.clear()
    session.sequences = undefined
    this.#idle.push(session)
  }

  /** Runs work with a session of its own. */
  async use<Result>(work: (session: DuckSession) => Promise<Result>): Promise<Result> {
    const session = await this.acquire()
    try {
      return await work(session)
    } finally {
      this.release(session)
    }
  }

  /** Gives DuckDB's parse tree of one or more SELECT statements, as JSON text; an error is told inside it. */
  serialize(text: string): Promise<string> {
    const turn = this.#parsing.then(() => this.#serialize(text))
    this.#parsing = turn.catch(() => undefined)
    return turn
  }

  async #serialize(text: string): Promise<string> {
    this.#parser ??= this.#instance().then(async (instance) => {
      const connection = await instance.connect()
      return connection.prepare(
        'SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := false, skip_default := true)',
      )
    })
    const statement = await this.#parser
    try {
      statement.bindVarchar(1, text)
      const result = await statement.run()
      return (await result.getRows())[0]?.[0] as string
    } catch (error) {
      throw fromDuckError(error, text)
    }
  }
}
