import { parseSync } from 'oxc-parser'

/** Describes an exported declaration that has no docstring. */
export type Undocumented = { readonly line: number; readonly declaration: string }

/** Lists the exported declarations of a file that no doc comment precedes. Re-exports have theirs where they are declared; of overloads the first needs one. */
export function undocumentedExports(path: string, text: string): readonly Undocumented[] {
  const { program, comments } = parseSync(path, text)
  const documented = comments
    .filter((comment) => comment.type === 'Block' && comment.value.startsWith('*'))
    .map((comment) => comment.end)
  const found: Undocumented[] = []
  let before = ''
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' || node.declaration === null) continue
    const declaration = text.slice(node.start, node.end).split('\n')[0] ?? ''
    const overloaded = /^export (async )?function (\w+)/.exec(declaration)?.[2] ?? ''
    const isNext = overloaded !== '' && overloaded === before
    before = overloaded
    if (isNext || documented.some((end) => end <= node.start && text.slice(end, node.start).trim() === ''))
      continue
    found.push({ line: text.slice(0, node.start).split('\n').length, declaration })
  }
  return found
}
