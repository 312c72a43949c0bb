import type { ExecutionContext } from '../../catalog/engine.ts'
import { isSheafError } from '../../types/errors.ts'

/** Tells whether a query may hold so many bytes beside what it holds already. */
export function hasRoom(context: ExecutionContext, sizeBytes: number): boolean {
  try {
    context.reserve(sizeBytes)
    return true
  } catch (error) {
    if (!isSheafError(error, 'MEMORY_LIMIT')) throw error
    return false
  } finally {
    context.release(sizeBytes)
  }
}
