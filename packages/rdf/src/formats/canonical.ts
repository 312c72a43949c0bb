import type * as RDF from '@rdfjs/types'
import { SheafError } from '@sheafdb/core'
import { lineParts } from './lines.ts'

/**
 * Writes quads in the one canonical form of their dataset: N-Quads, sorted, blank nodes named by what is around them.
 *
 * @see RDF Dataset Canonicalization (RDFC-1.0)
 * @throws `UNSUPPORTED` for triple terms and directions, which the standard does not cover; `LIMIT`
 */
export async function canonicalQuads(quads: Iterable<RDF.Quad>, signal?: AbortSignal): Promise<string> {
  const lines = [...lineParts(checked(quads))]
  const { canonize } = (await import('rdf-canonize')).default
  try {
    return await canonize(lines.join(''), {
      algorithm: 'RDFC-1.0',
      inputFormat: 'application/n-quads',
      format: 'application/n-quads',
      maxWorkFactor: 3,
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted === true)
      throw new SheafError('ABORTED', 'The canonical form was no longer wanted.', { cause: error })
    throw new SheafError(
      'LIMIT',
      'The blank nodes of the dataset are too much alike to be told apart in time.',
      {
        cause: error,
      },
    )
  }
}

function* checked(quads: Iterable<RDF.Quad>): Generator<RDF.Quad> {
  for (const quad of quads) {
    const { object } = quad
    if (object.termType === 'Quad' || (object.termType === 'Literal' && object.direction))
      throw new SheafError(
        'UNSUPPORTED',
        'RDFC-1.0 knows no triple terms and no directions of text. Leave those quads out.',
      )
    yield quad
  }
}
