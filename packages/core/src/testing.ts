/** Is what tests of Sheaf and of its models share. */
export {
  type CrashOutcome,
  type Fault,
  FaultFileSystem,
  type FileCall,
} from './storage/fault-file-system.ts'
export { MemoryFileSystem } from './storage/memory-file-system.ts'
