import type * as RDF from '@rdfjs/types'
import { SheafError } from '@sheafdb/core'
import { Writer } from 'n3'
import { type RdfFormat, rdfFormat } from './names.ts'

const WRITER_FORMATS: Readonly<Record<RdfFormat, string | null>> = {
  turtle: 'text/turtle',
  trig: 'application/trig',
  ntriples: 'N-Triples',
  nquads: 'N-Quads',
  rdfxml: null,
}

/** Writes quads as text. @throws `ARGUMENT` for a format that is not known, `UNSUPPORTED` for RDF/XML */
export function writeQuads(quads: Iterable<RDF.Quad>, name: string): Promise<string> {
  const format = WRITER_FORMATS[rdfFormat(name)]
  if (format === null)
    throw new SheafError('UNSUPPORTED', 'RDF/XML is read only. Write turtle, trig, ntriples or nquads.')
  const writer = new Writer({ format })
  for (const quad of quads) writer.addQuad(quad)
  return new Promise((resolve, reject) => {
    writer.end((error, text) => {
      if (error) reject(error)
      else resolve(text)
    })
  })
}
