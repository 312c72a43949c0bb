import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    setupFiles: ['test/setup.ts'],
    execArgv: ['--conditions=source'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
