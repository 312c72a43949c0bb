import { readFileSync } from 'node:fs'
import type * as RDF from '@rdfjs/types'
import { isSheafError, openStore, type Store } from '@sheafdb/core'
import { formatOfPath } from '../../src/formats/names.ts'
import { type RdfDataset, rdf } from '../../src/index.ts'
import { areIsomorphic, type Tuple } from './isomorphism.ts'
import { quadsOf, readExpected } from './results.ts'

type GraphFile = { readonly graph: string; readonly file: string }

/** Is a test of the suite's index. */
export type W3cCase = {
  readonly id: string
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly action: string
  readonly form?: string
  readonly data?: readonly string[]
  readonly graphs?: readonly GraphFile[]
  readonly result?: string | { readonly data: readonly string[]; readonly graphs: readonly GraphFile[] }
  readonly ordered?: boolean
  readonly lax?: boolean
  readonly byValue?: true | readonly string[]
  readonly format?: string
}

/** Holds where the suite is and the IRI that its files have. */
export type Suite = { readonly folder: string; readonly base: string; readonly tests: readonly W3cCase[] }

/** Reads the index of the suite. */
export function readSuite(folder: string): Suite {
  const index = JSON.parse(readFileSync(`${folder}/INDEX.json`, 'utf8'))
  return { folder, base: index.base, tests: index.tests }
}

/** Runs a test; gives why it fails, or null where it passes. */
export async function runCase(test: W3cCase, suite: Suite): Promise<string | null> {
  const store = await openStore(':memory:', { models: [rdf()] })
  try {
    return await runIn(store, test, suite)
  } catch (error) {
    return `${isSheafError(error) ? error.code : 'not a SheafError'}: ${(error as Error).message.split('\n')[0]}`
  } finally {
    await store.close()
  }
}

type RdfStore = Store<[ReturnType<typeof rdf>]>

async function runIn(store: RdfStore, test: W3cCase, suite: Suite): Promise<string | null> {
  const dataset = store.rdf('test')
  const text = readFileSync(`${suite.folder}/${test.action}`, 'utf8')
  const baseIRI = suite.base + test.action
  switch (test.kind) {
    case 'query-eval':
      await loadFiles(dataset, test, suite)
      return checkQuery(dataset, test, { suite, text, baseIRI })
    case 'update-eval':
      await loadFiles(dataset, test, suite)
      await dataset.update(text, { baseIRI })
      return checkDataset(dataset, test, suite)
    case 'query-syntax':
      await dataset.query(text, { baseIRI }).rows()
      return null
    case 'update-syntax':
      // What LOAD names is not there: the syntax alone is tested.
      await dataset.update(text, { baseIRI, fetch: async () => ({ body: '', contentType: 'text/turtle' }) })
      return null
    case 'rdf-syntax':
      await dataset.load(text, { format: formatOfPath(test.action), baseIRI })
      return null
    case 'query-syntax-bad':
      return refused(async () => dataset.query(text, { baseIRI }).rows())
    case 'update-syntax-bad':
      return refused(() => dataset.update(text, { baseIRI }))
    case 'rdf-syntax-bad':
      return refused(() => dataset.load(text, { format: formatOfPath(test.action), baseIRI }))
    case 'rdf-eval': {
      await dataset.load(text, { format: formatOfPath(test.action), baseIRI })
      const result = test.result as string
      const expected = await fileQuads(result, suite)
      return sameQuads(await matched(dataset), expected)
    }
    default:
      return `unknown kind ${test.kind}`
  }
}

async function refused(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work()
  } catch (error) {
    return isSheafError(error, 'SYNTAX') ? null : `not SYNTAX but: ${(error as Error).message.split('\n')[0]}`
  }
  return 'accepted'
}

async function loadFiles(
  dataset: RdfDataset,
  { data = [], graphs = [] }: Pick<W3cCase, 'data' | 'graphs'>,
  suite: Suite,
): Promise<void> {
  for (const file of data) await loadFile(dataset, { file, suite })
  for (const { file, graph } of graphs) await loadFile(dataset, { file, suite, graph })
}

async function loadFile(
  dataset: RdfDataset,
  { file, suite, graph }: { readonly file: string; readonly suite: Suite; readonly graph?: string },
): Promise<void> {
  await dataset.load(readFileSync(`${suite.folder}/${file}`, 'utf8'), {
    format: formatOfPath(file),
    baseIRI: suite.base + file,
    ...(graph === undefined ? {} : { graph }),
  })
}

async function fileQuads(file: string, suite: Suite): Promise<RDF.Quad[]> {
  return quadsOf(readFileSync(`${suite.folder}/${file}`, 'utf8'), formatOfPath(file), suite.base + file)
}

async function matched(dataset: RdfDataset): Promise<RDF.Quad[]> {
  const quads: RDF.Quad[] = []
  for await (const quad of dataset.match()) quads.push(quad as RDF.Quad)
  return quads
}

const quadTuple = (quad: RDF.Quad): Tuple => [
  ['s', quad.subject],
  ['p', quad.predicate],
  ['o', quad.object],
  ['g', quad.graph],
]

function distinctQuads(quads: readonly RDF.Quad[]): RDF.Quad[] {
  return quads.filter((quad, index) => quads.findIndex((other) => other.equals(quad)) === index)
}

function sameQuads(found: readonly RDF.Quad[], expected: readonly RDF.Quad[]): string | null {
  const same = areIsomorphic(found.map(quadTuple), distinctQuads(expected).map(quadTuple), {
    byValue: () => false,
  })
  return same ? null : `other quads: ${found.length} found, ${expected.length} expected`
}

async function checkDataset(dataset: RdfDataset, test: W3cCase, suite: Suite): Promise<string | null> {
  const store = await openStore(':memory:', { models: [rdf()] })
  try {
    const expected = store.rdf('expected')
    await loadFiles(expected, test.result as Exclude<W3cCase['result'], string | undefined>, suite)
    return sameQuads(await matched(dataset), await matched(expected))
  } finally {
    await store.close()
  }
}

async function checkQuery(
  dataset: RdfDataset,
  test: W3cCase,
  { suite, text, baseIRI }: { readonly suite: Suite; readonly text: string; readonly baseIRI: string },
): Promise<string | null> {
  const query = dataset.query(text, { baseIRI })
  const path = test.result as string
  if (test.form === 'construct' || test.form === 'describe')
    return sameQuads(await query.quads(), await fileQuads(path, suite))
  const wanted = readFileSync(`${suite.folder}/${path}`, 'utf8')
  if (test.format !== undefined && test.format !== 'json') {
    const found = await query.format(test.format)
    return sameLines(found, wanted, test) ? null : `other text: ${JSON.stringify(found)}`
  }
  const expected = await readExpected(wanted, path, suite.base + path)
  if ('boolean' in expected) return (await query.boolean()) === expected.boolean ? null : 'other boolean'
  const rows = await query.rows()
  const byValue = (name: string) =>
    test.byValue === true || (Array.isArray(test.byValue) && test.byValue.includes(name))
  const found = rows.map((row) => Object.entries(row))
  const solutions = expected.solutions.map((row) => Object.entries(row))
  return sameSolutions(found, solutions, { ...test, values: byValue })
    ? null
    : `other solutions: ${show(found)} instead of ${show(solutions)}`
}

/** Compares lines; blank nodes by their order, numbers up to the case of their exponent. */
function sameLines(found: string, wanted: string, test: W3cCase): boolean {
  const lines = (text: string) => {
    const labels = new Map<string, string>()
    const relabelled = text.replaceAll(/_:\w+/g, (label) => {
      if (!labels.has(label)) labels.set(label, `_:${labels.size}`)
      return labels.get(label) as string
    })
    const all = relabelled
      .replaceAll(/(\d)E(\d)/g, '$1e$2')
      .trimEnd()
      .split(/\r?\n/)
    return test.ordered === true ? all : [all[0], ...all.slice(1).sort()]
  }
  return JSON.stringify(lines(found)) === JSON.stringify(lines(wanted))
}

function show(tuples: readonly Tuple[]): string {
  const rows = tuples.map((tuple) =>
    tuple
      .map(
        ([name, term]) =>
          `${name}=${term.value}${term.termType === 'Literal' && !term.datatype.value.endsWith('#string') ? `^^${term.datatype.value.replace(/.*#/, '')}` : ''}`,
      )
      .join(' '),
  )
  return `[${rows.join('; ')}]`.slice(0, 400)
}

function sameSolutions(
  found: readonly Tuple[],
  expected: readonly Tuple[],
  options: { readonly ordered?: boolean; readonly lax?: boolean; readonly values: (name: string) => boolean },
): boolean {
  const { ordered = false, lax = false, values } = options
  if (lax) {
    const key = (tuple: Tuple) =>
      JSON.stringify([...tuple].map(([name, term]) => [name, term.termType, term.value]).sort())
    const [a, b] = [new Set(found.map(key)), new Set(expected.map(key))]
    return a.size === b.size && [...a].every((each) => b.has(each)) && found.length <= expected.length
  }
  if (!ordered) return areIsomorphic(found, expected, { byValue: values })
  const numbered = (tuples: readonly Tuple[]) =>
    tuples.map(
      (tuple, index): Tuple => [
        ...tuple,
        ['#', { termType: 'NamedNode', value: String(index) } as RDF.NamedNode],
      ],
    )
  return areIsomorphic(numbered(found), numbered(expected), { byValue: values })
}
