import { day, iri, LABEL, sentence, TripleWriter, TYPE, text, typed } from './generated-triples.ts'

/** Is the namespace of the shop's vocabulary. */
export const SHOP = 'http://shop.example/vocabulary/'
const v = (name: string) => iri(SHOP + name)
const thing = (kind: string, number: number) => iri(`http://shop.example/${kind}/${number}`)

/** Makes products with their offers and reviews, in the manner of the Berlin SPARQL benchmark. */
export function shopTriples(triples: number): string {
  const writer = new TripleWriter(11)
  const products = Math.round(triples / 58)
  const producers = Math.max(10, Math.round(products / 25))
  const vendors = Math.max(10, Math.round(products / 50))
  const people = Math.max(10, Math.round(products / 4))
  addParties(writer, producers, vendors, people)
  for (let product = 0; product < products; product += 1) {
    addProduct(writer, product, producers)
    for (let at = 0; at < 4; at += 1) addOffer(writer, product * 4 + at, product, vendors)
    const reviews = writer.below(7)
    for (let at = 0; at < reviews; at += 1) addReview(writer, product * 7 + at, product, people)
  }
  return writer.text()
}

function addParties(writer: TripleWriter, producers: number, vendors: number, people: number): void {
  for (let at = 0; at < producers; at += 1) {
    writer.add(thing('producer', at), TYPE, v('Producer'))
    writer.add(thing('producer', at), LABEL, text(`producer ${sentence(writer, 1)} ${at}`))
    writer.add(thing('producer', at), v('country'), thing('country', writer.skewed(20)))
  }
  for (let at = 0; at < vendors; at += 1) {
    writer.add(thing('vendor', at), TYPE, v('Vendor'))
    writer.add(thing('vendor', at), LABEL, text(`vendor ${at}`))
    writer.add(thing('vendor', at), v('country'), thing('country', writer.skewed(20)))
  }
  for (let at = 0; at < people; at += 1) {
    writer.add(thing('person', at), TYPE, v('Person'))
    writer.add(thing('person', at), v('name'), text(`person ${at}`))
    writer.add(thing('person', at), v('country'), thing('country', writer.skewed(20)))
  }
}

function addProduct(writer: TripleWriter, number: number, producers: number): void {
  const product = thing('product', number)
  writer.add(product, TYPE, v('Product'))
  writer.add(product, TYPE, thing('type', writer.skewed(100)))
  writer.add(product, LABEL, text(`${sentence(writer, 2)} ${number}`))
  writer.add(product, v('comment'), text(sentence(writer, 12)))
  writer.add(product, v('producer'), thing('producer', writer.below(producers)))
  const features = new Set(Array.from({ length: 5 }, () => writer.skewed(300)))
  for (const feature of features) writer.add(product, v('feature'), thing('feature', feature))
  writer.add(product, v('weight'), typed(1 + writer.below(2000), 'integer'))
  writer.add(product, v('height'), typed(1 + writer.below(2000), 'integer'))
  if (writer.happens(0.6)) writer.add(product, v('depth'), typed(1 + writer.below(2000), 'integer'))
}

function addOffer(writer: TripleWriter, number: number, product: number, vendors: number): void {
  const offer = thing('offer', number)
  writer.add(offer, TYPE, v('Offer'))
  writer.add(offer, v('product'), thing('product', product))
  writer.add(offer, v('vendor'), thing('vendor', writer.below(vendors)))
  writer.add(offer, v('price'), typed((writer.below(1_000_000) / 100).toFixed(2), 'decimal'))
  writer.add(offer, v('deliveryDays'), typed(1 + writer.below(14), 'integer'))
  writer.add(offer, v('validTo'), typed(day(8000 + writer.below(700)), 'date'))
}

function addReview(writer: TripleWriter, number: number, product: number, people: number): void {
  const review = thing('review', number)
  writer.add(review, TYPE, v('Review'))
  writer.add(review, v('reviewFor'), thing('product', product))
  writer.add(review, v('reviewer'), thing('person', writer.skewed(people)))
  writer.add(review, v('title'), text(sentence(writer, 4)))
  writer.add(review, v('reviewDate'), typed(day(7000 + writer.below(1000)), 'date'))
  for (const rating of ['rating1', 'rating2', 'rating3'])
    if (writer.happens(0.7)) writer.add(review, v(rating), typed(1 + writer.below(10), 'integer'))
}
