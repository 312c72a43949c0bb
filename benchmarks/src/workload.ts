/** Is one engine doing one workload: what is measured is `run`, as often as the harness asks. */
export type Contender = {
  /** `Sheaf`, `DuckDB (2 threads)`, `typed arrays`, … */
  readonly engine: string
  /** Shown beside writes: which durability, which mode. */
  readonly mode?: string
  /** Does the work once and gives a result that equals every other contender's. */
  run(): Promise<unknown> | unknown
  close?(): Promise<void> | void
}

/** Is a question put to several engines in one process, after their results were found equal. */
export type Workload = {
  /** Short and stable: `pnpm bench <name>` runs it alone. */
  readonly name: string
  readonly title: string
  /** What is asked of the first contender, in words, and whether a measurement reaches it. */
  readonly asked: {
    readonly text: string
    readonly reached: (medians: ReadonlyMap<string, number>) => boolean
  }
  /** Measured runs; the median counts. */
  readonly runs: number
  readonly warmups: number
  /** Prepares data and engines; the first contender is Sheaf. */
  prepare(folder: string): Promise<readonly Contender[]>
  /** Figures that are no times (bytes, rows a second), given after the runs. */
  figures?(
    medians: ReadonlyMap<string, number>,
  ): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
}
