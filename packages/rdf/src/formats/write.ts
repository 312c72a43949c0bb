import type * as RDF from '@rdfjs/types'
import { SheafError } from '@sheafdb/core'
import { Writer } from 'n3'
import { writeJsonLd } from './json-ld.ts'
import { type RdfFormat, rdfFormat } from './names.ts'

const WRITER_FORMATS: Readonly<Record<RdfFormat, string | null>> = {
  turtle: 'text/turtle',
  trig: 'application/trig',
  ntriples: 'N-Triples',
  nquads: 'N-Quads',
  rdfxml: null,
  jsonld: 'N-Quads',
}

/** Writes quads as text. @throws `ARGUMENT` for a format that is not known, `UNSUPPORTED` for RDF/XML */
export async function writeQuads(quads: Iterable<RDF.Quad>, name: string): Promise<string> {
  const wanted = rdfFormat(name)
  const format = WRITER_FORMATS[wanted]
  if (format === null)
    throw new SheafError(
      'UNSUPPORTED',
      'RDF/XML is read only. Write turtle, trig, ntriples, nquads or jsonld.',
    )
  const writer = new Writer({ format })
  for (const quad of quads) writer.addQuad(quad)
  const text = await new Promise<string>((resolve, reject) => {
    writer.end((error, written) => {
      if (error) reject(error)
      else resolve(written)
    })
  })
  return wanted === 'jsonld' ? writeJsonLd(text) : text
}
