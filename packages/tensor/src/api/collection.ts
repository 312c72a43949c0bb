import {
  type LogicalPlan,
  type Metric,
  type ModelContext,
  type Query,
  SheafError,
  type VectorIndexSettings,
} from '@sheafdb/core'
import { sliceArray } from '../compute/nd-array.ts'
import { placesOf } from '../compute/slice-view.ts'
import type { HnswIndexes } from '../indexes/hnsw.ts'
import { forgetGraph } from '../indexes/kept-graph.ts'
import { requireUsearch } from '../indexes/usearch.ts'
import { parseSlice } from '../language/parser-slice.ts'
import type { AxisSlice } from '../language/syntax.ts'
import { MODEL, type TensorOptions } from '../layout/table.ts'
import { elementCount } from '../layout/values.ts'
import { type Definition, findDefinition } from './definition.ts'
import { type Evaluated, type EvaluateInputs, type EvaluateOptions, evaluateText } from './evaluate.ts'
import { ExchangedTensors } from './exchanged-tensors.ts'
import { checkFusion, type FusedRow, type FusionOptions, fuse, fusedPlan, type Ranking } from './fuse.ts'
import { checkSearch, type NearestOptions, nearestPlan, nothingNear, type QueryVector } from './nearest.ts'
import type { TensorId } from './rows.ts'
import { sliceStored } from './slice-stored.ts'
import type { TensorSlice } from './stored-tensors.ts'
import { indexSettings, type VectorIndexOptions } from './vector-index.ts'

/** Is a row of a search: the tensor's id, its distance and its attributes. */
export type Neighbor = { readonly id: TensorId; readonly distance: number } & Readonly<
  Record<string, unknown>
>

/** Holds tensors by id, with attributes. It is made with its first write. */
export class TensorCollection extends ExchangedTensors {
  readonly #indexes: HnswIndexes

  constructor(
    context: ModelContext,
    name: string,
    { options, indexes }: { readonly options: TensorOptions; readonly indexes: HnswIndexes },
  ) {
    super(context, name, options)
    this.#indexes = indexes
  }

  /**
   * Finds the tensors nearest to a vector: rows of `id`, `distance` and attributes, nearest first.
   *
   * @throws `ARGUMENT` for a vector of another length or a k below 1, `VALUE` for NaN or infinity in it
   * @example store.tensor('faces').nearest(vector, { k: 5, where: { label: 'x', age: { $lt: 5 } } })
   */
  nearest(vector: QueryVector, options: NearestOptions = {}): Query<Neighbor> {
    const numbers = checkSearch(vector, options)
    return this.#query<Neighbor>((definition) =>
      definition === undefined
        ? nothingNear()
        : nearestPlan(definition, numbers, { ...options, metric: this.#metric(options, definition) }),
    )
  }

  /** Searches near to many vectors, each as `nearest` does; gives their rows in the order of the vectors. */
  async nearestMany(vectors: Iterable<QueryVector>, options: NearestOptions = {}): Promise<Neighbor[][]> {
    const found: Neighbor[][] = []
    for (const query of Array.from(vectors, (vector) => this.nearest(vector, options)))
      found.push(await query.rows())
    return found
  }

  /**
   * Fuses the ranking near to a vector with others (of a search for text, of a graph, lists of ids) by reciprocal ranks:
   * rows of `id` and `score`, the best first.
   *
   * @example store.tensor('faces').fused(vector, [store.relational.query('SELECT id FROM hits ORDER BY rank')], { k: 5 })
   */
  fused(
    vector: QueryVector,
    rankings: readonly Ranking[],
    options: FusionOptions & Omit<NearestOptions, 'k'> = {},
  ): Query<FusedRow> {
    checkFusion(options)
    const { depth = 100, k: _, constant: __, weights: ___, ...search } = options
    const near = this.nearest(vector, { ...search, k: depth })
    return this.context.query<FusedRow>(async () => fusedPlan(await fuse([near, ...rankings], options)))
  }

  #metric(options: NearestOptions, { options: own }: Definition): Metric {
    return options.metric ?? this.options.metric ?? own.metric ?? 'cosine'
  }

  /** Makes a query whose plan is made once a version of the catalog. */
  #query<Row>(lower: (definition: Definition | undefined) => LogicalPlan): Query<Row> {
    let made: { readonly version: number; readonly plan: LogicalPlan } | undefined
    return this.context.query<Row>(() => {
      const catalog = this.context.catalog()
      if (made?.version !== catalog.version)
        made = {
          version: catalog.version,
          plan: lower(findDefinition(catalog, this.name, this.options)),
        }
      return made.plan
    })
  }

  /**
   * Takes a part of the collection as one array, in NumPy's notation: its first axis are the tensors in the order of
   * ids, the others those of their shape. With `id`, a part of that tensor: `onRead` is told how many bytes are looked at.
   *
   * @throws `SYNTAX`, `ARGUMENT` for a part that is not there, `NOT_FOUND`, `UNSUPPORTED` for tensors of many shapes
   * @example await store.tensor('faces').slice('0:10, ::2')
   */
  async slice(
    text: string,
    options: { readonly id?: TensorId; readonly onRead?: (bytes: number) => void } = {},
  ): Promise<TensorSlice> {
    const slices = parseSlice(text)
    if (options.id !== undefined) return sliceStored(this.storedAs(options.id), slices, options.onRead)
    const [first, ...others] = slices
    if (first?.kind !== 'index' && first?.kind !== 'range') {
      const { dtype, ...array } = await this.stacked()
      return { ...sliceArray(array, slices), dtype }
    }
    // Only the tensors that are taken are read.
    const ids = this.ids()
    const { start, step, count } = placesOf(first, ids.length, 0)
    const taken = Array.from({ length: count }, (_, at) => ids[start + at * step] as TensorId)
    const { dtype, ...array } = await this.stacked(count === 0 ? ids.slice(0, 1) : taken)
    const along: AxisSlice =
      first.kind === 'index' ? { kind: 'index', at: 0 } : { kind: 'range', start: 0, stop: count, step: 1 }
    return { ...sliceArray(array, [along, ...others]), dtype }
  }

  /**
   * Computes an einsum, `'ij,jk->ik'` over a list of arrays, or an expression over named ones, in double precision or, as
   * `dtype: 'float32'` says, in single. A name without input is the id of a tensor.
   *
   * @throws `SYNTAX` with the position, `NOT_FOUND`, `ARGUMENT` for shapes that do not fit
   * @example await store.tensor('weights').evaluate('softmax(w @ x + b)', { x: [1, 2, 3] })
   */
  async evaluate<Precision extends 'float32' | 'float64' = 'float64'>(
    text: string,
    inputs: EvaluateInputs = {},
    options: EvaluateOptions<Precision> = {},
  ): Promise<Evaluated<Precision>> {
    const find = async (id: string) => (await this.getMany([id]))[0]
    return evaluateText(text, inputs, find, options.dtype ?? ('float64' as Precision))
  }

  /**
   * Makes an index over the vectors (HNSW), or replaces the one there is: `nearest` then finds very likely the nearest, and
   * with `exact` surely. Resolves when it is built; it follows the rows as they come and go, and is kept in the store.
   *
   * @throws `MISSING_DEPENDENCY` without usearch, `ARGUMENT`, `UNSUPPORTED`, `NOT_FOUND`
   */
  async createIndex(options: VectorIndexOptions): Promise<{ readonly rowCount: number }> {
    requireUsearch()
    const settings = await this.#setIndex((own) => indexSettings(options, own))
    const zeros = new Float64Array(elementCount(settings.own.shape ?? []))
    const built = await this.#indexes.builtBy(
      () => this.nearest(zeros, { k: 1, metric: settings.index?.metric as Metric }).rows(),
      {
        wait: options.background !== true,
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      },
    )
    return { rowCount: built?.rowCount ?? 0 }
  }

  /** Takes the index over the vectors away; tells whether there was one. */
  async dropIndex(): Promise<boolean> {
    const [index] = this.listIndexes()
    if (index !== undefined) await this.#setIndex(() => null)
    return index !== undefined
  }

  /** Lists the indexes over the vectors. */
  listIndexes(): readonly VectorIndexSettings[] {
    const index = findDefinition(this.context.catalog(), this.name, this.options)?.options.index
    return index === undefined || index === null ? [] : [index]
  }

  #setIndex(
    make: (own: TensorOptions) => VectorIndexSettings | null,
  ): Promise<{ readonly index: VectorIndexSettings | null; readonly own: TensorOptions }> {
    return this.context.write((transaction) => {
      const definition = findDefinition(transaction.snapshot.catalog, this.name, this.options)
      if (definition === undefined)
        throw new SheafError('NOT_FOUND', `There is no collection of tensors of this name: ${this.name}`)
      const own = definition.options
      const index = make({ ...own, metric: this.options.metric ?? own.metric })
      transaction.setOptions(MODEL, this.name, { ...own, index })
      if (index === null) forgetGraph(transaction, this.name)
      return { index, own }
    })
  }
}
