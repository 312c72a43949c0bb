import { SheafError } from '@sheafdb/core'
import { SaxesParser } from 'saxes'

/** Is an element of an XML document. */
export type XmlElement = {
  /** The name without its prefix. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  text: string
}

const MOST_LEVELS = 100

/** Reads an XML document. @throws `SYNTAX` where it is not well formed */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser()
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  parser.on('opentag', ({ name, attributes }) => {
    const element: XmlElement = {
      name: localName(name),
      attributes: attributes as Record<string, string>,
      children: [],
      text: '',
    }
    open.at(-1)?.children.push(element)
    open.push(element)
    if (open.length > MOST_LEVELS)
      throw new SheafError('LIMIT', `The document is nested over ${MOST_LEVELS} levels deep. A graph is not.`)
  })
  parser.on('closetag', () => void open.pop())
  const addText = (part: string): void => {
    const element = open.at(-1)
    if (element !== undefined) element.text += part
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('error', (cause) => {
    throw new SheafError('SYNTAX', `The document is no well-formed XML: ${cause.message}`, { cause })
  })
  parser.write(text).close()
  const [element] = root.children
  if (element === undefined) throw new SheafError('SYNTAX', 'The document is empty. Give an XML document.')
  return element
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** Finds the elements directly under one with a name. */
export function childrenNamed({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.filter((child) => child.name === name)
}

/** Writes text for XML; characters that XML 1.0 has no place for are left out. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"'\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
}
