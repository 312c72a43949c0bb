import { defineMember, SheafError, type Value } from '@sheafdb/core'
import {
  attributeText,
  attributeTypes,
  attributeValue,
  DEFAULT_LABEL,
  DEFAULT_TYPE,
  type GraphData,
} from './graph-data.ts'
import { childrenNamed, escapeXml, parseXml, type XmlElement } from './xml.ts'

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">`

/**
 * Writes a graph as GraphML. Labels stand in the attribute `labels` of a node (`:A:B`), the type in `label` of an edge.
 *
 * @see http://graphml.graphdrawing.org/specification.html
 */
export function toGraphml({ nodes, edges }: GraphData): string {
  const lines = [HEAD]
  const keys = new Map<string, string>()
  for (const [side, items] of [
    ['node', nodes],
    ['edge', edges],
  ] as const) {
    for (const [name, type] of attributeTypes(items)) {
      const key = `d${keys.size}`
      keys.set(`${side} ${name}`, key)
      lines.push(`<key id="${key}" for="${side}" attr.name="${escapeXml(name)}" attr.type="${type}"/>`)
    }
  }
  const data = (side: string, properties: Readonly<Record<string, Value>>): string =>
    Object.entries(properties)
      .map(
        ([name, value]) =>
          `<data key="${keys.get(`${side} ${name}`)}">${escapeXml(attributeText(value))}</data>`,
      )
      .join('')
  lines.push('<graph edgedefault="directed">')
  for (const { key, labels, properties } of nodes) {
    const named = labels.map((label) => `:${label.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}`).join('')
    lines.push(`<node id="${escapeXml(key)}" labels="${escapeXml(named)}">${data('node', properties)}</node>`)
  }
  for (const { type, source, target, properties } of edges)
    lines.push(
      `<edge source="${escapeXml(source)}" target="${escapeXml(target)}" label="${escapeXml(type)}">${data('edge', properties)}</edge>`,
    )
  lines.push('</graph>', '</graphml>', '')
  return lines.join('\n')
}

type Key = { readonly name: string; readonly type: string; readonly fallback: string | null }

/** Reads GraphML. @throws `SYNTAX`, `VALUE` */
export function fromGraphml(text: string): GraphData {
  const root = parseXml(text)
  const [graph] = childrenNamed(root, 'graph')
  if (root.name !== 'graphml' || graph === undefined)
    throw new SheafError(
      'SYNTAX',
      'The document is no GraphML: it needs a graphml element with a graph in it.',
    )
  const keys = new Map<string, Key>()
  const defaults = { node: [] as Key[], edge: [] as Key[] }
  for (const element of childrenNamed(root, 'key')) {
    const {
      id = '',
      'attr.name': name = id,
      'attr.type': type = 'string',
      for: side = 'all',
    } = element.attributes
    const fallback = childrenNamed(element, 'default')[0]?.text ?? null
    const key = { name, type, fallback }
    keys.set(id, key)
    if (fallback !== null && side !== 'edge') defaults.node.push(key)
    if (fallback !== null && side !== 'node') defaults.edge.push(key)
  }
  return {
    nodes: childrenNamed(graph, 'node').map((element) => {
      const { labels, ...properties } = propertiesOf(element, keys, defaults.node)
      const given = element.attributes['labels'] ?? (typeof labels === 'string' ? labels : '')
      return { key: needed(element, 'id'), labels: labelsOf(given), properties }
    }),
    edges: childrenNamed(graph, 'edge').map((element) => {
      const { label, ...properties } = propertiesOf(element, keys, defaults.edge)
      const type = element.attributes['label'] ?? (typeof label === 'string' ? label : DEFAULT_TYPE)
      return { type, source: needed(element, 'source'), target: needed(element, 'target'), properties }
    }),
  }
}

function labelsOf(text: string): readonly string[] {
  const labels = [...text.matchAll(/:((?:\\.|[^:\\])*)/g)].map(([, label = '']) =>
    label.replace(/\\(.)/g, '$1'),
  )
  if (labels.length > 0) return labels
  return text === '' ? [DEFAULT_LABEL] : [text]
}

function propertiesOf(
  element: XmlElement,
  keys: ReadonlyMap<string, Key>,
  defaults: readonly Key[],
): Record<string, Value> {
  const properties: Record<string, Value> = {}
  for (const { name, type, fallback } of defaults)
    defineMember(properties, name, attributeValue(fallback ?? '', type))
  for (const data of childrenNamed(element, 'data')) {
    const id = data.attributes['key'] ?? ''
    const { name, type } = keys.get(id) ?? { name: id, type: 'string' }
    defineMember(properties, name, attributeValue(data.text, type))
  }
  return properties
}

function needed(element: XmlElement, name: string): string {
  const value = element.attributes[name]
  if (value !== undefined) return value
  throw new SheafError('SYNTAX', `An element of the file lacks an attribute: ${element.name} needs ${name}`)
}
