import type * as RDF from '@rdfjs/types'
import { Writer } from 'n3'
import { writeJsonLd } from './json-ld.ts'
import { lineParts } from './lines.ts'
import { type RdfFormat, rdfFormat } from './names.ts'
import { rdfXmlParts } from './rdf-xml.ts'

/** Says how to write quads. */
export type WriteOptions = {
  /** Short names for the starts of IRIs, for Turtle and TriG. */
  readonly prefixes?: Readonly<Record<string, string>>
}

/** Tells whether a format can name graphs. */
export function hasGraphs(name: string): boolean {
  const format = rdfFormat(name)
  return format === 'trig' || format === 'nquads' || format === 'jsonld'
}

const PART_QUADS = 4096

/** Writes quads part by part. @throws `ARGUMENT` for a format that is not known, `UNSUPPORTED` for what it cannot write */
export async function* writeParts(
  quads: Iterable<RDF.Quad>,
  name: string,
  options: WriteOptions = {},
): AsyncGenerator<string> {
  const format = rdfFormat(name)
  if (format === 'jsonld') yield writeJsonLd([...lineParts(quads)].join(''))
  else if (format === 'turtle' || format === 'trig') yield* turtleParts(quads, format, options)
  else yield* joined(format === 'rdfxml' ? rdfXmlParts(quads) : lineParts(quads))
}

/** Writes quads as text. @throws `ARGUMENT`, `UNSUPPORTED` */
export async function writeQuads(
  quads: Iterable<RDF.Quad>,
  name: string,
  options: WriteOptions = {},
): Promise<string> {
  const parts: string[] = []
  for await (const part of writeParts(quads, name, options)) parts.push(part)
  return parts.join('')
}

/** Joins small parts to larger ones. */
function* joined(parts: Iterable<string>): Generator<string> {
  let text: string[] = []
  for (const part of parts) {
    text.push(part)
    if (text.length < PART_QUADS) continue
    yield text.join('')
    text = []
  }
  if (text.length > 0) yield text.join('')
}

const MEDIA_TYPES: Readonly<Record<Extract<RdfFormat, 'turtle' | 'trig'>, string>> = {
  turtle: 'text/turtle',
  trig: 'application/trig',
}

function* turtleParts(
  quads: Iterable<RDF.Quad>,
  format: 'turtle' | 'trig',
  { prefixes }: WriteOptions,
): Generator<string> {
  let written: string[] = []
  const output = {
    write: (text: string, _encoding: unknown, done?: () => void) => {
      written.push(text)
      done?.()
    },
    end: (done?: () => void) => done?.(),
  }
  const writer = new Writer(output, {
    format: MEDIA_TYPES[format],
    ...(prefixes === undefined ? {} : { prefixes }),
  })
  let count = 0
  for (const quad of quads) {
    writer.addQuad(quad)
    count += 1
    if (count % PART_QUADS !== 0) continue
    yield written.join('')
    written = []
  }
  writer.end()
  yield written.join('')
}
