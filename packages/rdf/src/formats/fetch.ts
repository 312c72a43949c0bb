import { SheafError } from '@sheafdb/core'
import type { Fetcher, FetchRequest } from '../language/fetcher.ts'

/** Fetches a document as text. @throws `UNSUPPORTED` for `file:` and where the answer is no success, `IO` */
export async function fetchText(
  fetcher: Fetcher,
  iri: string,
  request: FetchRequest,
): Promise<{ readonly text: string; readonly contentType: string }> {
  if (/^file:/i.test(iri))
    throw new SheafError('UNSUPPORTED', `Files are never fetched. Load the document by its path: ${iri}`)
  try {
    const answer = await fetcher(iri, request)
    if ('body' in answer && 'contentType' in answer) {
      const { body, contentType } = answer
      return { text: typeof body === 'string' ? body : new TextDecoder().decode(body), contentType }
    }
    if (!answer.ok)
      throw new SheafError(
        'IO',
        `The server did not give the document. Its status was: ${answer.status} of ${iri}`,
      )
    return { text: await answer.text(), contentType: answer.headers.get('content-type') ?? '' }
  } catch (error) {
    if (error instanceof SheafError) throw error
    throw new SheafError(
      'IO',
      `The document could not be fetched. Check the address and the network: ${iri}`,
      {
        cause: error,
      },
    )
  }
}
