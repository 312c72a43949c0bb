import type { StageSyntax } from '../../language/syntax.ts'
import type { Binding, CompileContext } from '../scope.ts'
import type { Document } from '../value.ts'

/** Turns documents into documents. */
export type DocumentsToDocuments = (documents: readonly Document[], variables: Binding | null) => Document[]

/** Compiles the stages of a pipeline. */
export type CompilePipeline = (
  stages: readonly StageSyntax[],
  pipeline: PipelineContext,
) => DocumentsToDocuments

/** Is what stages need from outside: variables, and the documents of other collections. */
export type PipelineContext = {
  readonly context: CompileContext
  /** Reads a collection whole. */
  readonly collection: (name: string) => readonly Document[]
  /** True inside `$facet` and `$lookup`, where some stages are not allowed. */
  readonly nested: false | 'facet' | 'lookup'
  /** Requires so many documents to fit into the memory that the pipeline may use. @throws `MEMORY_LIMIT` */
  readonly requireRoom: (documents: number) => void
  /** Compiles a pipeline inside a stage. */
  readonly compile: CompilePipeline
}
