const MAX_WIDTH = 36
const MAX_ROWS = 12

/** Renders a value for a cell of a table. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(3)
  const text = typeof value === 'object' ? termOrJson(value) : String(value)
  return text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 1)}…` : text
}

function termOrJson(value: object): string {
  return 'termType' in value && 'value' in value ? String(value.value) : JSON.stringify(value)
}

/** Prints rows as a table. */
export function printRows(rows: readonly object[]): void {
  const [first] = rows
  if (first === undefined) {
    console.log('  (no rows)')
    return
  }
  const names = Object.keys(first)
  const shown = rows
    .slice(0, MAX_ROWS)
    .map((row) => names.map((name) => cell((row as Record<string, unknown>)[name])))
  const widths = names.map((name, at) =>
    Math.max(name.length, ...shown.map((row) => (row[at] as string).length)),
  )
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((text, at) => text.padEnd(widths[at] as number)).join('  ')}`.trimEnd()
  console.log(line(names))
  console.log(line(widths.map((width) => '-'.repeat(width))))
  for (const row of shown) console.log(line(row))
  if (rows.length > MAX_ROWS) console.log(`  … and ${rows.length - MAX_ROWS} more`)
}

/** Prints a heading. */
export function printHeading(text: string): void {
  console.log(`\n\x1b[1m${text}\x1b[0m`)
}

/** Prints text indented. */
export function printIndented(text: string): void {
  console.log(
    text
      .split('\n')
      .map((line) => `    ${line.length > 150 ? `${line.slice(0, 149)}…` : line}`)
      .join('\n'),
  )
}

/** Runs one step of a load, shows its progress on one line, and tells how long it took. */
export async function step(
  name: string,
  work: (progress: (done: number, total?: number) => void) => Promise<string>,
): Promise<void> {
  const start = performance.now()
  const progress = (done: number, total?: number): void => {
    if (!process.stdout.isTTY) return
    const share =
      total === undefined || total === 0
        ? `${done.toLocaleString('en')}`
        : `${Math.floor((100 * done) / total)} %`
    process.stdout.write(`\r  ${name} … ${share}\x1b[K`)
  }
  progress(0)
  const result = await work(progress)
  const seconds = ((performance.now() - start) / 1000).toFixed(2)
  process.stdout.write(
    `${process.stdout.isTTY ? '\r' : ''}  ${name.padEnd(44)} ${result.padEnd(34)} ${seconds.padStart(6)} s${process.stdout.isTTY ? '\x1b[K' : ''}\n`,
  )
}
