/** Is the RDF model of Sheaf: datasets of quads in Arrow tables, queried in SPARQL. */

export { DatasetSnapshot, type DumpOptions, RdfDataset, type StoreEvents } from './api/dataset.ts'
export type { EntailOptions, EntailResult } from './api/entail.ts'
export type { LoadOptions, LoadResult, LoadSource } from './api/load.ts'
export type { Solution, SparqlMethods, SparqlOptions, SparqlQuery } from './api/query.ts'
export type { UpdateOptions, UpdateResult } from './api/update.ts'
export { RdfView, type RdfViewDefinition, type TableView } from './api/view.ts'
export type { FetchedDocument, Fetcher, FetchRequest, FetchResponse } from './language/fetcher.ts'
export {
  BlankNodeTerm,
  DefaultGraphTerm,
  dataFactory,
  LiteralTerm,
  NamedNodeTerm,
  QuadTerm,
  type Term,
} from './layout/term.ts'
export { type RdfApi, rdf } from './model.ts'
