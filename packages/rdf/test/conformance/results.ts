import type * as RDF from '@rdfjs/types'
import type { RdfFormat } from '../../src/formats/names.ts'
import { readQuads } from '../../src/formats/read.ts'
import { dataFactory } from '../../src/index.ts'

/** Is what a query is expected to give. */
export type Expected =
  | { readonly boolean: boolean }
  | { readonly solutions: readonly Record<string, RDF.Term>[] }

const { namedNode, blankNode, literal, quad } = dataFactory

/** Reads an expected result of SELECT or ASK: SPARQL JSON or XML, or a graph of the result set vocabulary. */
export async function readExpected(text: string, path: string, baseIri: string): Promise<Expected> {
  if (path.endsWith('.srj')) return fromJson(text)
  if (path.endsWith('.srx')) return fromXml(text)
  return fromGraph(await quadsOf(text, path.endsWith('.rdf') ? 'rdfxml' : 'turtle', baseIri))
}

/** Reads the quads of a document. */
export async function quadsOf(text: string, format: RdfFormat, baseIri: string): Promise<RDF.Quad[]> {
  const quads: RDF.Quad[] = []
  await readQuads(text, { format, baseIri, blankPrefix: 'e' }, (found) => quads.push(found))
  return quads
}

type JsonTerm = {
  readonly type: string
  readonly value: string & {
    readonly subject: JsonTerm
    readonly predicate: JsonTerm
    readonly object: JsonTerm
  }
  readonly datatype?: string
  readonly 'xml:lang'?: string
  readonly 'its:dir'?: 'ltr' | 'rtl'
}

function fromJson(text: string): Expected {
  const json = JSON.parse(text)
  if (typeof json.boolean === 'boolean') return { boolean: json.boolean }
  const bindings = json.results.bindings as readonly Record<string, JsonTerm>[]
  return {
    solutions: bindings.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, term]) => [name, jsonTerm(term)])),
    ),
  }
}

function jsonTerm(term: JsonTerm): RDF.Term {
  switch (term.type) {
    case 'uri':
      return namedNode(term.value)
    case 'bnode':
      return blankNode(term.value)
    case 'triple': {
      const { subject, predicate, object } = term.value
      return quad(
        jsonTerm(subject) as RDF.Quad_Subject,
        jsonTerm(predicate) as RDF.Quad_Predicate,
        jsonTerm(object) as RDF.Quad_Object,
      ) as unknown as RDF.Term
    }
    default: {
      const language = term['xml:lang']
      if (language !== undefined) return literal(term.value, { language, direction: term['its:dir'] ?? '' })
      return literal(term.value, term.datatype === undefined ? undefined : namedNode(term.datatype))
    }
  }
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescapeXml = (text: string): string =>
  text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (_, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    return name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : (ENTITIES[name] as string)
  })

type Element = {
  readonly name: string
  readonly attributes: Record<string, string>
  children: Element[]
  text: string
}

function parseXml(text: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' }
  const stack = [root]
  const tokens = text
    .replaceAll(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>/g, '')
    .matchAll(/<(\/?)([\w:]+)([^>]*?)(\/?)>|([^<]+)/g)
  for (const [, close, name, attributes, empty, content] of tokens) {
    const top = stack[stack.length - 1] as Element
    if (content !== undefined) top.text += unescapeXml(content)
    else if (close === '/') stack.pop()
    else {
      const found = [...(attributes ?? '').matchAll(/([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
      const element: Element = {
        name: (name as string).replace(/^.*:/, ''),
        attributes: Object.fromEntries(found.map(([, key, a, b]) => [key, unescapeXml(a ?? b ?? '')])),
        children: [],
        text: '',
      }
      top.children.push(element)
      if (empty !== '/') stack.push(element)
    }
  }
  return root.children[0] as Element
}

const childNamed = (element: Element, name: string): Element | undefined =>
  element.children.find((child) => child.name === name)

function fromXml(text: string): Expected {
  const root = parseXml(text)
  const boolean = childNamed(root, 'boolean')
  if (boolean !== undefined) return { boolean: boolean.text.trim() === 'true' }
  const results = childNamed(root, 'results') as Element
  return {
    solutions: results.children.map((row) =>
      Object.fromEntries(
        row.children.map((binding) => [binding.attributes.name, xmlTerm(binding.children[0] as Element)]),
      ),
    ),
  }
}

function xmlTerm(element: Element): RDF.Term {
  switch (element.name) {
    case 'uri':
      return namedNode(element.text.trim())
    case 'bnode':
      return blankNode(element.text.trim())
    case 'triple': {
      const [subject, predicate, object] = ['subject', 'predicate', 'object'].map((part) =>
        xmlTerm((childNamed(element, part) as Element).children[0] as Element),
      )
      return quad(
        subject as RDF.Quad_Subject,
        predicate as RDF.Quad_Predicate,
        object as RDF.Quad_Object,
      ) as unknown as RDF.Term
    }
    default: {
      const language = element.attributes['xml:lang']
      const direction = (element.attributes['its:dir'] ?? '') as 'ltr' | 'rtl' | ''
      if (language !== undefined) return literal(element.text, { language, direction })
      const { datatype } = element.attributes
      return literal(element.text, datatype === undefined ? undefined : namedNode(datatype))
    }
  }
}

const RS = 'http://www.w3.org/2001/sw/DataAccess/tests/result-set#'

function fromGraph(quads: readonly RDF.Quad[]): Expected {
  const objects = (subject: RDF.Term, name: string) =>
    quads
      .filter((found) => found.subject.equals(subject) && found.predicate.value === RS + name)
      .map((found) => found.object)
  const boolean = quads.find((found) => found.predicate.value === `${RS}boolean`)
  if (boolean !== undefined) return { boolean: boolean.object.value === 'true' }
  const root = quads.find((found) => found.object.value === `${RS}ResultSet`)?.subject as RDF.Term
  const solutions = objects(root, 'solution').map((solution) => ({
    index: Number(objects(solution, 'index')[0]?.value ?? 0),
    row: Object.fromEntries(
      objects(solution, 'binding').map((binding) => [
        objects(binding, 'variable')[0]?.value,
        objects(binding, 'value')[0] as RDF.Term,
      ]),
    ),
  }))
  solutions.sort((left, right) => left.index - right.index)
  return { solutions: solutions.map(({ row }) => row) }
}
