import { defineConfig } from 'vitest/config'
import shared from './vitest.config.ts'

// Branches of the storage and transaction layers, counted by V8: `pnpm coverage`.
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: [
      'packages/core/test/storage/**/*.test.ts',
      'packages/core/test/store/**/*.test.ts',
      'packages/core/test/transaction/**/*.test.ts',
      'packages/kv/test/**/*.test.ts',
      'test/compatibility/**/*.test.ts',
      'test/faults/**/*.test.ts',
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/storage/**', 'packages/core/src/transaction/**'],
      reporter: ['text', 'json'],
      reportsDirectory: 'node_modules/.coverage',
      thresholds: { branches: 95 },
    },
  },
})
