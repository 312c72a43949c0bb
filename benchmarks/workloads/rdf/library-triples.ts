import { iri, sentence, TripleWriter, TYPE, text, typed } from './generated-triples.ts'

/** Is the namespace of the library's vocabulary. */
export const LIBRARY = 'http://library.example/vocabulary/'
const v = (name: string) => iri(LIBRARY + name)
const thing = (kind: string, number: number) => iri(`http://library.example/${kind}/${number}`)

const FIRST_YEAR = 1950
const YEARS = 70

/** Makes articles, their authors and what they cite, in the manner of SP2Bench. */
export function libraryTriples(triples: number): string {
  const writer = new TripleWriter(37)
  const documents = Math.round(triples / 14.4)
  const people = Math.round(documents / 2)
  for (let at = 0; at < people; at += 1) {
    writer.add(`_:person${at}`, TYPE, v('Person'))
    writer.add(`_:person${at}`, v('name'), text(`${sentence(writer, 1)} ${at}`))
  }
  for (let at = 0; at < documents; at += 1) addDocument(writer, at, documents, people)
  return writer.text()
}

function addDocument(writer: TripleWriter, number: number, documents: number, people: number): void {
  const document = thing('document', number)
  const year = FIRST_YEAR + Math.floor(YEARS * Math.sqrt(number / documents))
  const isArticle = writer.happens(0.5)
  writer.add(document, TYPE, v(isArticle ? 'Article' : 'Inproceedings'))
  writer.add(document, v('title'), text(`${sentence(writer, 6)} ${number}`))
  writer.add(document, v('issued'), typed(year, 'integer'))
  writer.add(
    document,
    v(isArticle ? 'journal' : 'partOf'),
    thing(isArticle ? 'journal' : 'proceedings', writer.below(40) * 100 + (year - FIRST_YEAR)),
  )
  for (const author of new Set(Array.from({ length: 1 + writer.below(5) }, () => writer.skewed(people))))
    writer.add(document, v('creator'), `_:person${author}`)
  if (writer.happens(0.7))
    writer.add(document, v('pages'), text(`${writer.below(900)}-${900 + writer.below(50)}`))
  if (writer.happens(0.4)) writer.add(document, v('abstract'), text(sentence(writer, 20)))
  if (writer.happens(0.3)) writer.add(document, v('isbn'), text(String(1_000_000 + writer.below(9_000_000))))
  if (writer.happens(0.6)) writer.add(document, v('seeAlso'), iri(`http://pages.example/document/${number}`))
  writer.add(document, v('homepage'), iri(`http://library.example/page/${number}`))
  writer.add(document, v('number'), typed(1 + writer.below(30), 'integer'))
  if (number > 0)
    for (const cited of new Set(Array.from({ length: writer.below(6) }, () => writer.below(number))))
      writer.add(document, v('cites'), thing('document', cited))
}
