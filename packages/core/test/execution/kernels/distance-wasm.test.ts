import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { KERNEL_FILES, kernelFile } from '../../../../../scripts/build-kernels.ts'

test.each(KERNEL_FILES)('the committed kernels of $what are what their source compiles to', async (file) => {
  expect(readFileSync(file.path, 'utf8')).toBe(await kernelFile(file))
})
