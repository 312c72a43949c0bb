/**
 * Turns the TypeScript fences of a Markdown file into programs that run.
 *
 * Every ```` ```ts ```` fence runs, but ```` ```ts no-run ````. The fences of a file are one program, in order;
 * ```` ```ts separate ```` starts another. A name that a second fence imports again is imported once.
 */

import { parseSync } from 'oxc-parser'

/** Holds one program: `text` keeps each line at the number that it has in the Markdown file. */
export type DocumentProgram = {
  readonly firstLine: number
  readonly text: string
}

type Fence = { readonly line: number; readonly info: readonly string[]; readonly lines: readonly string[] }

/** Finds the fenced blocks of a Markdown text, in order. `line` is the number of the first line of code. */
function fencesOf(markdown: string): readonly Fence[] {
  const lines = markdown.split(/\r?\n/)
  const fences: Fence[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const open = /^( *)(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[index] ?? '')
    if (open === null) continue
    const [, indent = '', marker = '', info = ''] = open
    const first = index + 1
    const isEnd = (line: string): boolean => line.trimStart().startsWith(marker) && /^ *[`~]+ *$/.test(line)
    for (index = first; index < lines.length && !isEnd(lines[index] ?? ''); ) index += 1
    const code = lines
      .slice(first, index)
      .map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), ''))
    fences.push({ line: first + 1, info: info.trim().split(/\s+/), lines: code })
  }
  return fences
}

/** Replaces the imports that name something imported before. An import keeps the number of its lines. */
function withoutRepeatedImports(text: string, imported: Set<string>): string {
  const { module, errors } = parseSync('fence.ts', text)
  const error = errors[0]
  if (error !== undefined) throw new Error(`A fence does not parse: ${error.message}\n${text}`)
  let result = text
  for (const statement of module.staticImports.toReversed()) {
    const from = statement.moduleRequest.value
    const isNew = (name: string): boolean => !imported.has(`${name} ${from}`)
    const names = statement.entries.map((entry) => entry.localName.value)
    if (names.length === 0 || names.every(isNew)) continue
    const source = text.slice(statement.start, statement.end)
    const kept = statement.entries
      .filter((entry) => isNew(entry.localName.value))
      .map((entry) => text.slice(entry.importName.start ?? entry.localName.start, entry.localName.end))
    const breaks = '\n'.repeat(source.split('\n').length - 1)
    const rest = kept.length === 0 ? '' : `import { ${kept.join(', ')} } from '${from}'`
    result = result.slice(0, statement.start) + rest + breaks + result.slice(statement.end)
  }
  for (const statement of module.staticImports) {
    for (const entry of statement.entries)
      imported.add(`${entry.localName.value} ${statement.moduleRequest.value}`)
  }
  return result
}

function isRunnable({ info }: Fence): boolean {
  return info[0] === 'ts' && !info.includes('no-run')
}

/** Gives the programs of a Markdown text; none where it has no fence to run. */
export function programsOf(markdown: string): readonly DocumentProgram[] {
  const groups: Fence[][] = []
  for (const fence of fencesOf(markdown).filter(isRunnable)) {
    const group = groups.at(-1)
    if (group === undefined || fence.info.includes('separate')) groups.push([fence])
    else group.push(fence)
  }
  return groups.map((group) => {
    const imported = new Set<string>()
    const lines: string[] = []
    for (const fence of group) {
      while (lines.length < fence.line - 1) lines.push('')
      lines.push(...withoutRepeatedImports(fence.lines.join('\n'), imported).split('\n'))
    }
    return { firstLine: group[0]?.line ?? 1, text: `${lines.join('\n')}\n` }
  })
}
