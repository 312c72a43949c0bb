import { parseSync, Visitor } from 'oxc-parser'

/** Describes one import, re-export, dynamic import or `import('…')` type of a file. */
export type Import = {
  readonly specifier: string
  /** The names that are taken, or `undefined` where all of them may be. */
  readonly names: readonly string[] | undefined
  readonly line: number
}

type Named = { readonly type: string; readonly name?: string; readonly value?: unknown }

function nameOf(node: Named): string {
  return node.type === 'Literal' ? String(node.value) : (node.name ?? '')
}

/** Lists every import of a TypeScript file, type imports included. Throws where the file does not parse. */
export function importsOf(path: string, text: string): readonly Import[] {
  const { program, errors } = parseSync(path, text)
  const error = errors[0]
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`)
  const found: Import[] = []
  const add = (specifier: string, offset: number, names?: readonly string[]): void => {
    found.push({ specifier, names, line: text.slice(0, offset).split('\n').length })
  }
  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers.map((one) =>
        one.type === 'ImportSpecifier' ? nameOf(one.imported) : undefined,
      )
      const all = names.filter((name) => name !== undefined)
      add(node.source.value, node.start, all.length === names.length ? all : undefined)
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return
      const names = node.specifiers.map((one) => nameOf(one.local))
      add(node.source.value, node.start, names)
    },
    ExportAllDeclaration(node) {
      add(node.source.value, node.start)
    },
    ImportExpression(node) {
      if (node.source.type === 'Literal') add(String(node.source.value), node.start)
    },
    TSImportType(node) {
      add(node.source.value, node.start)
    },
  }).visit(program)
  return found
}
