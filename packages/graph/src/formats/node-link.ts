import { defineMember, SheafError, type Value } from '@sheafdb/core'
import { DEFAULT_LABEL, DEFAULT_TYPE, type GraphData, plain } from './graph-data.ts'

/** Writes a graph as node-link JSON, as NetworkX and d3 read it: `nodes` with an `id`, `links` with `source` and `target`. */
export function toNodeLink({ nodes, edges }: GraphData): string {
  return JSON.stringify(
    {
      directed: true,
      multigraph: true,
      graph: {},
      nodes: nodes.map(({ key, labels, properties }) => ({ ...texts(properties), id: key, labels })),
      links: edges.map(({ type, source, target, properties }, at) => ({
        ...texts(properties),
        source,
        target,
        key: at,
        type,
      })),
    },
    plain,
  )
}

/** Writes dates and times in their ISO form; everything else is JSON's. */
function texts(properties: Readonly<Record<string, Value>>): Record<string, Value> {
  const result: Record<string, Value> = {}
  for (const [name, value] of Object.entries(properties)) {
    const isPlain = typeof value !== 'object' || value === null || Array.isArray(value)
    defineMember(
      result,
      name,
      isPlain ? value : ArrayBuffer.isView(value) ? Array.from(value as never) : String(value),
    )
  }
  return result
}

/** Reads node-link JSON; edges may stand under `links` or `edges`. @throws `SYNTAX`, `VALUE` */
export function fromNodeLink(text: string): GraphData {
  const root = parse(text)
  const nodes = listOf(root, ['nodes'])
  const edges = listOf(root, ['links', 'edges'])
  return {
    nodes: nodes.map(({ id, labels, label, ...properties }) => ({
      key: keyOf(id),
      labels: Array.isArray(labels)
        ? labels.map(String)
        : [typeof label === 'string' ? label : DEFAULT_LABEL],
      properties,
    })),
    edges: edges.map(({ source, target, key, type, ...properties }) => ({
      type: typeof type === 'string' ? type : DEFAULT_TYPE,
      source: keyOf(source),
      target: keyOf(target),
      properties,
    })),
  }
}

type Entry = Record<string, Value>

function parse(text: string): Entry {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (cause) {
    throw new SheafError('SYNTAX', 'The text is no JSON. Give a graph as node-link JSON.', { cause })
  }
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) return root as Entry
  throw new SheafError('SYNTAX', 'A graph as node-link JSON is an object with nodes and links.')
}

function listOf(root: Entry, names: readonly string[]): readonly Entry[] {
  const name = names.find((candidate) => Object.hasOwn(root, candidate))
  const list = name === undefined ? undefined : root[name]
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'object' && item !== null))
    throw new SheafError('SYNTAX', `A graph as node-link JSON needs a list of objects: ${names.join(' or ')}`)
  return list as Entry[]
}

function keyOf(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new SheafError('VALUE', `A node is named by a text or number in the file, not by a ${typeof value}.`)
}
