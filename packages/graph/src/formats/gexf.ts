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
<gexf xmlns="http://gexf.net/1.3" version="1.3">
<graph defaultedgetype="directed">`

/**
 * Writes a graph as GEXF 1.3. Labels and the type are attributes of these names: `labels`, a JSON list, and `type`.
 *
 * @see https://gexf.net/schema.html
 */
export function toGexf(data: GraphData): string {
  const nodes = data.nodes.map(({ key, labels, properties }) => ({
    key,
    properties: { labels, ...properties },
  }))
  const edges = data.edges.map((edge) => ({ ...edge, properties: { type: edge.type, ...edge.properties } }))
  const lines = [HEAD]
  const values = (
    side: string,
    items: readonly { readonly properties: Readonly<Record<string, Value>> }[],
  ) => {
    const names = [...attributeTypes(items)]
    lines.push(`<attributes class="${side}">`)
    for (const [at, [name, type]] of names.entries())
      lines.push(`<attribute id="${at}" title="${escapeXml(name)}" type="${type}"/>`)
    lines.push('</attributes>')
    const ids = new Map(names.map(([name], at) => [name, at]))
    return (properties: Readonly<Record<string, Value>>): string =>
      `<attvalues>${Object.entries(properties)
        .map(
          ([name, value]) => `<attvalue for="${ids.get(name)}" value="${escapeXml(attributeText(value))}"/>`,
        )
        .join('')}</attvalues>`
  }
  const ofNode = values('node', nodes)
  const ofEdge = values('edge', edges)
  lines.push('<nodes>')
  for (const { key, properties } of nodes)
    lines.push(`<node id="${escapeXml(key)}" label="${escapeXml(key)}">${ofNode(properties)}</node>`)
  lines.push('</nodes>', '<edges>')
  for (const [at, { source, target, properties }] of edges.entries())
    lines.push(
      `<edge id="${at}" source="${escapeXml(source)}" target="${escapeXml(target)}">${ofEdge(properties)}</edge>`,
    )
  lines.push('</edges>', '</graph>', '</gexf>', '')
  return lines.join('\n')
}

type Attribute = { readonly name: string; readonly type: string }

/** Reads GEXF. @throws `SYNTAX`, `VALUE` */
export function fromGexf(text: string): GraphData {
  const root = parseXml(text)
  const [graph] = childrenNamed(root, 'graph')
  if (root.name !== 'gexf' || graph === undefined)
    throw new SheafError('SYNTAX', 'The document is no GEXF: it needs a gexf element with a graph in it.')
  const elements = (list: string, name: string): readonly XmlElement[] =>
    childrenNamed(graph, list).flatMap((element) => childrenNamed(element, name))
  const attributes = (side: string): ReadonlyMap<string, Attribute> =>
    new Map(
      childrenNamed(graph, 'attributes')
        .filter((element) => element.attributes['class'] === side)
        .flatMap((element) => childrenNamed(element, 'attribute'))
        .map(({ attributes: { id = '', title = id, type = 'string' } }) => [id, { name: title, type }]),
    )
  const [ofNodes, ofEdges] = [attributes('node'), attributes('edge')]
  return {
    nodes: elements('nodes', 'node').map((element) => {
      const { labels, ...properties } = propertiesOf(element, ofNodes)
      return { key: needed(element, 'id'), labels: labelsOf(labels), properties }
    }),
    edges: elements('edges', 'edge').map((element) => {
      const { type, ...properties } = propertiesOf(element, ofEdges)
      const weight = element.attributes['weight']
      if (weight !== undefined && !Object.hasOwn(properties, 'weight'))
        defineMember(properties, 'weight', attributeValue(weight, 'double'))
      return {
        type: typeof type === 'string' ? type : (element.attributes['label'] ?? DEFAULT_TYPE),
        source: needed(element, 'source'),
        target: needed(element, 'target'),
        properties,
      }
    }),
  }
}

function labelsOf(value: Value): readonly string[] {
  if (typeof value !== 'string') return [DEFAULT_LABEL]
  if (!value.startsWith('[')) return [value]
  const labels: unknown = JSON.parse(value)
  return Array.isArray(labels) ? labels.map(String) : [DEFAULT_LABEL]
}

function propertiesOf(
  element: XmlElement,
  attributes: ReadonlyMap<string, Attribute>,
): Record<string, Value> {
  const properties: Record<string, Value> = {}
  for (const list of childrenNamed(element, 'attvalues')) {
    for (const { attributes: given } of childrenNamed(list, 'attvalue')) {
      const id = given['for'] ?? given['id'] ?? ''
      const { name, type } = attributes.get(id) ?? { name: id, type: 'string' }
      defineMember(properties, name, attributeValue(given['value'] ?? '', type))
    }
  }
  return properties
}

function needed(element: XmlElement, name: string): string {
  const value = element.attributes[name]
  if (value !== undefined) return value
  throw new SheafError('SYNTAX', `An element of the file lacks an attribute: ${element.name} needs ${name}`)
}
