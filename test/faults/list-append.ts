/**
 * Finds Adya's anomalies in a history of transactions that read lists and append to them, each element once: a list
 * shows which transactions wrote it and in which order, so that every dependency can be read off.
 *
 * Snapshot isolation holds where the dependencies (order of writes, reads from writes, and real time: what was
 * acknowledged before another began), each followed by at most one anti-dependency, form no cycle; serialisability where
 * all of them form none.
 *
 * @see Kingsbury, Alvaro: Elle (2020); Cerone, Gotsman: Analysing snapshot isolation (2018)
 */

/** Is what a transaction did, in order: a list as it was read, or an element appended. */
export type ListAction =
  | { readonly kind: 'read'; readonly key: number; readonly list: readonly number[] }
  | { readonly kind: 'append'; readonly key: number; readonly element: number }

/** Is a transaction of a history. Times count events. */
export type ListTransaction = {
  readonly actions: readonly ListAction[]
  /** `unknown` where the outcome was not told: the elements tell. */
  readonly outcome: 'committed' | 'aborted' | 'unknown'
  readonly begunAt: number
  /** When it was acknowledged; infinite where it was not. */
  readonly endedAt: number
}

/** Is the level that a history is held to. */
export type IsolationLevel = 'snapshot' | 'serializable'

/** Gives what is wrong with a history that ended with the given lists. */
export function findAnomalies(
  history: readonly ListTransaction[],
  final: ReadonlyMap<number, readonly number[]>,
  level: IsolationLevel,
): readonly string[] {
  const problems: string[] = []
  const writers = writersOf(history)
  const seen = new Set([...final.values()].flat())
  const isCommitted = (transaction: ListTransaction): boolean =>
    transaction.outcome === 'committed' ||
    (transaction.outcome === 'unknown' && appendsOf(transaction).some(({ element }) => seen.has(element)))
  for (const transaction of history) {
    const appends = appendsOf(transaction)
    const there = appends.filter(({ element }) => seen.has(element)).length
    if (transaction.outcome === 'committed' && there < appends.length)
      problems.push('lost: an acknowledged append is gone')
    if (transaction.outcome === 'aborted' && there > 0) problems.push('G1a: an aborted append is there')
    if (transaction.outcome === 'unknown' && there > 0 && there < appends.length)
      problems.push('half: a part of a transaction is there')
    checkInside(transaction, problems)
    checkReads(transaction, { writers, final, problems })
  }
  const committed = history.filter(isCommitted)
  if (problems.length === 0) problems.push(...findCycles(committed, { writers, final, level }))
  return [...new Set(problems)]
}

type Append = Extract<ListAction, { kind: 'append' }>

function appendsOf(transaction: ListTransaction): readonly Append[] {
  return transaction.actions.filter((action) => action.kind === 'append')
}

function writersOf(history: readonly ListTransaction[]): ReadonlyMap<number, ListTransaction> {
  return new Map(history.flatMap((each) => appendsOf(each).map(({ element }) => [element, each] as const)))
}

/** A transaction reads a key the same each time, with what it appended meanwhile. */
function checkInside(transaction: ListTransaction, problems: string[]): void {
  const known = new Map<number, readonly number[]>()
  const added = new Map<number, readonly number[]>()
  for (const action of transaction.actions) {
    const { key } = action
    const before = known.get(key)
    if (action.kind === 'append') {
      if (before !== undefined) known.set(key, [...before, action.element])
      added.set(key, [...(added.get(key) ?? []), action.element])
      continue
    }
    const own = added.get(key) ?? []
    const isAsKnown = before === undefined || before.join() === action.list.join()
    if (!isAsKnown || own.join() !== action.list.slice(action.list.length - own.length).join())
      problems.push('internal: a transaction does not see its own state')
    known.set(key, action.list)
  }
}

type Context = {
  readonly writers: ReadonlyMap<number, ListTransaction>
  readonly final: ReadonlyMap<number, readonly number[]>
  readonly problems: string[]
}

/** What others wrote is read whole, from transactions that committed, in the order in which it stands in the end. */
function checkReads(transaction: ListTransaction, { writers, final, problems }: Context): void {
  for (const action of transaction.actions) {
    if (action.kind !== 'read') continue
    const others = foreignPart(transaction, action, writers)
    const last = others.at(-1)
    const writer = last === undefined ? undefined : writers.get(last)
    if (others.some((element) => writers.get(element)?.outcome === 'aborted'))
      problems.push('G1a: an aborted append was read')
    if (writer !== undefined && appendsOf(writer).findLast(({ key }) => key === action.key)?.element !== last)
      problems.push('G1b: a list was read in the middle of another transaction')
    const order = final.get(action.key) ?? []
    if (others.some((element, at) => order[at] !== element))
      problems.push('order: what was read is no beginning of the list in the end')
  }
}

function foreignPart(
  transaction: ListTransaction,
  action: Extract<ListAction, { kind: 'read' }>,
  writers: ReadonlyMap<number, ListTransaction>,
): readonly number[] {
  const own = action.list.findIndex((element) => writers.get(element) === transaction)
  return own < 0 ? action.list : action.list.slice(0, own)
}

type Edges = ReadonlyMap<ListTransaction, Set<ListTransaction>>

function findCycles(
  committed: readonly ListTransaction[],
  context: Omit<Context, 'problems'> & { readonly level: IsolationLevel },
): readonly string[] {
  const depends: Edges = new Map(committed.map((each) => [each, new Set()]))
  const precedes: Edges = new Map(committed.map((each) => [each, new Set()]))
  const add = (edges: Edges, from: ListTransaction | undefined, to: ListTransaction | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) edges.get(from)?.add(to)
  }
  const { writers, final, level } = context
  for (const list of final.values())
    for (let at = 1; at < list.length; at += 1)
      add(depends, writers.get(list[at - 1] as number), writers.get(list[at] as number))
  for (const transaction of committed) {
    for (const action of transaction.actions) {
      if (action.kind !== 'read') continue
      const others = foreignPart(transaction, action, writers)
      add(depends, writers.get(others.at(-1) as number), transaction)
      add(precedes, transaction, nextWriter(transaction, final.get(action.key) ?? [], others.length, writers))
    }
    for (const other of committed) if (transaction.endedAt < other.begunAt) add(depends, transaction, other)
  }
  if (hasCycle(committed, (each) => depends.get(each) as Set<ListTransaction>))
    return ['G1c: dependencies form a cycle']
  const withOneAnti = (each: ListTransaction): Iterable<ListTransaction> => {
    const direct = depends.get(each) as Set<ListTransaction>
    return new Set([...direct, ...[...direct].flatMap((other) => [...(precedes.get(other) ?? [])])])
  }
  // An anti-dependency that is followed by a dependency, seen from the dependency's side.
  if (hasCycle(committed, withOneAnti)) return ['G-SI: a cycle with anti-dependencies apart from each other']
  if (level === 'snapshot') return []
  const all = (each: ListTransaction): Iterable<ListTransaction> =>
    new Set([...(depends.get(each) ?? []), ...(precedes.get(each) ?? [])])
  return hasCycle(committed, all) ? ['G2: a cycle of anti-dependencies'] : []
}

/** Gives the transaction that wrote past what was read; its own appends do not count. */
function nextWriter(
  reader: ListTransaction,
  order: readonly number[],
  from: number,
  writers: ReadonlyMap<number, ListTransaction>,
): ListTransaction | undefined {
  for (let at = from; at < order.length; at += 1) {
    const writer = writers.get(order[at] as number)
    if (writer !== reader) return writer
  }
  return undefined
}

function hasCycle<T>(nodes: readonly T[], next: (node: T) => Iterable<T>): boolean {
  const state = new Map<T, 'open' | 'done'>()
  for (const start of nodes) {
    if (state.has(start)) continue
    const path: { node: T; rest: Iterator<T> }[] = []
    const enter = (node: T): void => {
      state.set(node, 'open')
      path.push({ node, rest: next(node)[Symbol.iterator]() })
    }
    enter(start)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = top.rest.next()
      if (step.done === true) {
        state.set(top.node, 'done')
        path.pop()
      } else if (state.get(step.value) === 'open') return true
      else if (!state.has(step.value)) enter(step.value)
    }
  }
  return false
}
