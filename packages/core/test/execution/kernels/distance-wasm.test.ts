import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { KERNEL_FILE, kernelFile } from '../../../../../scripts/build-kernels.ts'

test('the committed kernels are what their source compiles to', async () => {
  expect(readFileSync(KERNEL_FILE, 'utf8')).toBe(await kernelFile())
})
