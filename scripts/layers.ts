/**
 * The layering rules, as data. `check-layers.ts` holds every import of the repository to them.
 * Biome refuses most of them while one types (`overrides` in biome.json); it sees specifiers only, so what
 * depends on where a relative path leads, and `import('…')` types, are refused by `check-layers.ts` alone.
 */

/** Names what a layer of `packages/core/src` is and how high it stands: imports go to a lower rank, or stay inside. */
export const coreRanks: Readonly<Record<string, number>> = {
  types: 0,
  expression: 1,
  plan: 2,
  catalog: 3,
  optimizer: 4,
  execution: 4,
  storage: 4,
  transaction: 5,
  model: 6,
  store: 7,
  'store.ts': 8,
  'index.ts': 9,
  testing: 10,
  'testing.ts': 11,
}

/** Names the layers that only `layersThatWire` may see together: they meet through catalog and plan. */
export const mutuallyBlind: readonly string[] = ['optimizer', 'execution', 'storage']

/** Names the layers of core that may see the mutually blind ones together. */
export const layersThatWire: readonly string[] = ['store', 'store.ts', 'index.ts', 'testing', 'testing.ts']

/** Gives the npm packages that core may import, each with the layers that may (`'*'`: all of them). */
export const coreExternals: Readonly<Record<string, readonly string[] | '*'>> = {
  'apache-arrow': '*',
  koffi: ['storage'],
  vitest: ['testing'],
  'fast-check': ['testing'],
}

/** Gives the builtins of Node that only some files of core may import, by the start of their path in `src`. */
export const coreRestrictedBuiltins: Readonly<Record<string, readonly string[]>> = {
  'node:fs': ['storage/real-file-system.ts', 'storage/real-lock.ts', 'storage/file-system/'],
  'node:fs/promises': ['storage/real-file-system.ts', 'storage/real-lock.ts', 'storage/file-system/'],
}

/** Gives what a model package may import of this workspace from its `src`. */
export const modelMayImport: readonly string[] = ['@sheafdb/core']

/** Says what a `parser` of a language may import, so that it is tested without a store or a plan. */
export const parserMayImport = {
  /** The starts of the names of files beside it. */
  siblings: ['syntax', 'statement', 'lexer', 'token', 'parser', 'validate', 'error'],
  /** Names out of `@sheafdb/core`: errors, and positions in a text. */
  coreNames:
    /^(SheafError|isSheafError|sourceError|positionAt|caretLine|assert|unreachable|ErrorCode|ErrorPhase|SourcePosition)$/,
  /** Parsers that others wrote. */
  externals: ['@duckdb/node-api', '@traqula/parser-sparql-1-2', '@traqula/algebra-sparql-1-2'],
} as const

/** Says what a `lower` of a language may not import: it turns syntax into a plan and knows no store. */
export const lowerMayNotImport: readonly string[] = ['api', 'model.ts', 'index.ts', 'operators', 'indexes']

/** Names the folders that see the packages as a user does: by their names only, never by a path into them. */
export const usersOfThePackages: readonly string[] = ['examples', 'benchmarks']
