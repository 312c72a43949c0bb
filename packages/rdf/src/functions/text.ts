import { LiteralTerm, stringLiteral, type Term } from '../layout/term.ts'
import { XSD_STRING } from '../layout/vocabulary.ts'

/** Tells whether a term is text: a plain string or a string in a language. */
export function isText(term: Term | null): term is LiteralTerm {
  return term?.termType === 'Literal' && (term.language !== '' || term.datatype.value === XSD_STRING)
}

/** Makes text of the same kind (language and direction) as a literal. */
export function textLike(like: LiteralTerm, value: string): LiteralTerm {
  return new LiteralTerm(value, like.datatype, like.language, like.direction)
}

/** Tells whether a second text may be compared with a first: it is plain, or of the same language and direction. */
export function areCompatible(first: LiteralTerm, second: LiteralTerm): boolean {
  return (
    second.language === '' || (first.language === second.language && first.direction === second.direction)
  )
}

/** Takes a part of a text by code points, positions from 1, as XPath's fn:substring rounds them. */
export function substring(text: string, start: number, length: number | undefined): string {
  const points = Array.from(text)
  const from = Math.round(start)
  const to = length === undefined ? Number.POSITIVE_INFINITY : from + Math.round(length)
  return points.filter((_, index) => index + 1 >= from && index + 1 < to).join('')
}

/** Gives the text before (or after) the first occurrence of another; plain empty text where there is none. */
export function around(text: LiteralTerm, part: LiteralTerm, side: 'before' | 'after'): LiteralTerm {
  const at = text.value.indexOf(part.value)
  if (at === -1) return stringLiteral('')
  return textLike(
    text,
    side === 'before' ? text.value.slice(0, at) : text.value.slice(at + part.value.length),
  )
}

/** Joins texts; the language stays where all have the same. */
export function concatenate(parts: readonly LiteralTerm[]): LiteralTerm {
  const value = parts.map((part) => part.value).join('')
  const [first, ...rest] = parts
  const same = first !== undefined && rest.every((part) => sameKind(first, part))
  return same ? textLike(first, value) : stringLiteral(value)
}

const sameKind = (a: LiteralTerm, b: LiteralTerm): boolean =>
  a.language === b.language && a.direction === b.direction

/** Escapes text for use in an IRI: everything but letters, digits and `-_.~`. */
export function encodeForUri(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Tells whether a language tag falls into a basic language range. @see RFC 4647, section 3.3.1 */
export function matchesLanguage(tag: string, range: string): boolean {
  if (range === '*') return tag !== ''
  const [low, wanted] = [tag.toLowerCase(), range.toLowerCase()]
  return low === wanted || low.startsWith(`${wanted}-`)
}
