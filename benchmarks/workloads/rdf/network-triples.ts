import { day, iri, sentence, TripleWriter, TYPE, text, typed } from './generated-triples.ts'

/** Is the namespace of the network's vocabulary. */
export const NETWORK = 'http://network.example/vocabulary/'
const v = (name: string) => iri(NETWORK + name)
const thing = (kind: string, number: number) => iri(`http://network.example/${kind}/${number}`)

/** Makes users who follow, like and buy, in the manner of WatDiv. */
export function networkTriples(triples: number): string {
  const writer = new TripleWriter(23)
  const users = Math.round(triples / 39)
  const products = Math.round(users / 3)
  for (let at = 0; at < products; at += 1) addProduct(writer, at)
  for (let at = 0; at < users; at += 1) addUser(writer, at, { users, products })
  return writer.text()
}

function addProduct(writer: TripleWriter, number: number): void {
  const product = thing('product', number)
  writer.add(product, TYPE, thing('category', writer.skewed(15)))
  writer.add(product, v('caption'), text(sentence(writer, 5)))
  for (const genre of new Set([writer.skewed(140), writer.skewed(140)]))
    writer.add(product, v('hasGenre'), thing('genre', genre))
  if (writer.happens(0.4)) writer.add(product, v('contentRating'), typed(1 + writer.below(18), 'integer'))
  if (writer.happens(0.2)) writer.add(product, v('language'), thing('language', writer.skewed(25)))
  if (writer.happens(0.1)) writer.add(product, v('homepage'), iri(`http://pages.example/${number}`))
}

function addUser(
  writer: TripleWriter,
  number: number,
  { users, products }: { readonly users: number; readonly products: number },
): void {
  const user = thing('user', number)
  writer.add(user, TYPE, v('User'))
  writer.add(user, v('location'), thing('city', writer.skewed(240)))
  if (writer.happens(0.5)) writer.add(user, v('age'), typed(15 + writer.below(70), 'integer'))
  if (writer.happens(0.6)) writer.add(user, v('gender'), thing('gender', writer.below(2)))
  if (writer.happens(0.7)) writer.add(user, v('givenName'), text(sentence(writer, 1)))
  if (writer.happens(0.3)) writer.add(user, v('joined'), typed(day(writer.below(6000)), 'date'))
  const draw = (most: number, choose: () => number) =>
    new Set(Array.from({ length: writer.below(most) }, choose))
  for (const other of draw(24, () => writer.skewed(users)))
    writer.add(user, v('follows'), thing('user', other))
  for (const other of draw(16, () => writer.below(users)))
    writer.add(user, v('friendOf'), thing('user', other))
  for (const liked of draw(20, () => writer.skewed(products)))
    writer.add(user, v('likes'), thing('product', liked))
  for (const bought of draw(12, () => writer.below(products)))
    writer.add(user, v('bought'), thing('product', bought))
}
