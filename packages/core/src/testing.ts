/** Is what tests of Sheaf and of its models share. */
export { interpretPlan } from './execution/interpreter/interpret-plan.ts'
export {
  type CrashOutcome,
  type Fault,
  FaultFileSystem,
  type FileCall,
} from './storage/fault-file-system.ts'
export { MemoryFileSystem } from './storage/memory-file-system.ts'
export { type ModelSubject, modelConformanceSuite, type TestRunner } from './testing/model-conformance.ts'
