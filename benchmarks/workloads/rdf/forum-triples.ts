import { iri, TripleWriter, TYPE } from './generated-triples.ts'

/** Is the namespace of the forum's vocabulary. */
export const FORUM = 'http://forum.example/vocabulary/'
const v = (name: string) => iri(FORUM + name)
const thing = (kind: string, number: number) => iri(`http://forum.example/${kind}/${number}`)

const COUNTRIES = 40
const TAGS = 400
const TAG_CLASSES = 30

/** Makes people who know each other, forums, posts, comments and tags: the data of LSQB, as triples. */
export function forumTriples(people: number): string {
  const writer = new TripleWriter(41)
  addPlacesAndTags(writer)
  addPeople(writer, people)
  const forums = Math.round(people / 3)
  const posts = people * 3
  const comments = people * 8
  for (let at = 0; at < forums; at += 1) {
    writer.add(thing('forum', at), TYPE, v('Forum'))
    for (const member of new Set(Array.from({ length: 4 + writer.below(20) }, () => writer.skewed(people))))
      writer.add(thing('forum', at), v('hasMember'), thing('person', member))
  }
  for (let at = 0; at < posts; at += 1) {
    writer.add(thing('forum', writer.skewed(forums)), v('containerOf'), thing('message', at))
    addMessage(writer, at, { people, kind: 'Post' })
  }
  for (let at = posts; at < posts + comments; at += 1) {
    writer.add(thing('message', at), v('replyOf'), thing('message', writer.below(at)))
    addMessage(writer, at, { people, kind: 'Comment' })
  }
  return writer.text()
}

function addPlacesAndTags(writer: TripleWriter): void {
  for (let at = 0; at < COUNTRIES; at += 1) writer.add(thing('country', at), TYPE, v('Country'))
  for (let at = 0; at < COUNTRIES * 8; at += 1) {
    writer.add(thing('city', at), TYPE, v('City'))
    writer.add(thing('city', at), v('isPartOf'), thing('country', writer.skewed(COUNTRIES)))
  }
  for (let at = 0; at < TAG_CLASSES; at += 1) writer.add(thing('tagclass', at), TYPE, v('TagClass'))
  for (let at = 0; at < TAGS; at += 1) {
    writer.add(thing('tag', at), TYPE, v('Tag'))
    writer.add(thing('tag', at), v('hasType'), thing('tagclass', writer.below(TAG_CLASSES)))
  }
}

function addPeople(writer: TripleWriter, people: number): void {
  for (let at = 0; at < people; at += 1) {
    const person = thing('person', at)
    writer.add(person, TYPE, v('Person'))
    writer.add(person, v('isLocatedIn'), thing('city', writer.skewed(COUNTRIES * 8)))
    for (const tag of new Set(Array.from({ length: 1 + writer.below(10) }, () => writer.skewed(TAGS))))
      writer.add(person, v('hasInterest'), thing('tag', tag))
    if (at === 0) continue
    for (const other of new Set(Array.from({ length: 1 + writer.below(10) }, () => writer.skewed(at)))) {
      writer.add(person, v('knows'), thing('person', other))
      writer.add(thing('person', other), v('knows'), person)
    }
  }
}

function addMessage(
  writer: TripleWriter,
  number: number,
  { people, kind }: { readonly people: number; readonly kind: 'Post' | 'Comment' },
): void {
  const message = thing('message', number)
  writer.add(message, TYPE, v(kind))
  writer.add(message, v('hasCreator'), thing('person', writer.skewed(people)))
  for (const tag of new Set(Array.from({ length: writer.below(4) }, () => writer.skewed(TAGS))))
    writer.add(message, v('hasTag'), thing('tag', tag))
  for (const liker of new Set(Array.from({ length: writer.below(4) }, () => writer.skewed(people))))
    writer.add(thing('person', liker), v('likes'), message)
}
