import { createHash } from 'node:crypto'
import type { Value } from '@sheafdb/core'
import { type LiteralTerm, typedLiteral } from '../layout/term.ts'
import { XSD_DAY_TIME_DURATION, XSD_DECIMAL, XSD_STRING } from '../layout/vocabulary.ts'
import { type DateTime, zoneDuration, zoneText } from './date-time.ts'
import { type SparqlFunction, termFunction } from './definition.ts'
import { literalValue, type NumericValue, numericLiteral, numericOf, toNumber } from './literal-value.ts'
import { type ArithmeticOperator, absolute, arithmetic, negated, rounded } from './numeric.ts'
import { regularExpression, replacement } from './regular-expression.ts'
import {
  areCompatible,
  around,
  concatenate,
  encodeForUri,
  isText,
  matchesLanguage,
  substring,
  textLike,
} from './text.ts'

const onNumbers = (operator: ArithmeticOperator): SparqlFunction =>
  termFunction(operator, 'term', (left, right) => {
    const [a, b] = [numericOf(left), numericOf(right)]
    const result = a === null || b === null ? null : arithmetic(operator, a, b)
    return result === null ? null : numericLiteral(result)
  })

const onNumber = (name: string, compute: (value: NumericValue) => NumericValue): SparqlFunction =>
  termFunction(name, 'term', (term) => {
    const value = numericOf(term)
    return value === null ? null : numericLiteral(compute(value))
  })

const numbers: readonly SparqlFunction[] = [
  onNumbers('add'),
  onNumbers('subtract'),
  onNumbers('multiply'),
  onNumbers('divide'),
  onNumber('negate', negated),
  onNumber('plus', (value) => value),
  onNumber('abs', absolute),
  onNumber('ceil', (value) => rounded(value, 'ceil')),
  onNumber('floor', (value) => rounded(value, 'floor')),
  onNumber('round', (value) => rounded(value, 'round')),
]

const onText = (
  name: string,
  result: 'term' | 'string' | 'integer',
  compute: (text: LiteralTerm) => Value,
): SparqlFunction => termFunction(name, result, (term) => (isText(term) ? compute(term) : null))

const onTexts = (
  name: string,
  result: 'term' | 'boolean',
  compute: (text: LiteralTerm, part: LiteralTerm) => Value,
): SparqlFunction =>
  termFunction(name, result, (text, part) =>
    isText(text) && isText(part) && areCompatible(text, part) ? compute(text, part) : null,
  )

const texts: readonly SparqlFunction[] = [
  onText('strlen', 'integer', (text) => Array.from(text.value).length),
  onText('ucase', 'term', (text) => textLike(text, text.value.toUpperCase())),
  onText('lcase', 'term', (text) => textLike(text, text.value.toLowerCase())),
  onText('encode_for_uri', 'string', (text) => encodeForUri(text.value)),
  onTexts('contains', 'boolean', (text, part) => text.value.includes(part.value)),
  onTexts('strstarts', 'boolean', (text, part) => text.value.startsWith(part.value)),
  onTexts('strends', 'boolean', (text, part) => text.value.endsWith(part.value)),
  onTexts('strbefore', 'term', (text, part) => around(text, part, 'before')),
  onTexts('strafter', 'term', (text, part) => around(text, part, 'after')),
  termFunction('concat', 'term', (...parts) => (parts.every(isText) ? concatenate(parts) : null)),
  termFunction('substr', 'term', (text, start, length) => {
    if (!isText(text)) return null
    const from = numericOf(start)
    const count = length === undefined ? undefined : numericOf(length)
    if (from === null || count === null) return null
    return textLike(
      text,
      substring(text.value, toNumber(from), count === undefined ? undefined : toNumber(count)),
    )
  }),
  termFunction('langmatches', 'boolean', (tag, range) =>
    isText(tag) && isText(range) ? matchesLanguage(tag.value, range.value) : null,
  ),
  termFunction('regex', 'boolean', (text, pattern, flags) => {
    if (!isText(text) || !isText(pattern)) return null
    const expression = regularExpression(pattern.value, flags === undefined ? '' : flags.value)
    return expression === null ? null : expression.test(text.value)
  }),
  termFunction('replace', 'term', (text, pattern, by, flags) => {
    if (!isText(text) || !isText(pattern) || !isText(by)) return null
    const expression = regularExpression(pattern.value, flags === undefined ? '' : flags.value)
    const replaced = replacement(by.value)
    // A pattern that matches empty text is an error.
    if (expression === null || replaced === null || expression.test('')) return null
    return textLike(text, expression.replace(text.value, replaced))
  }),
]

const onDateTime = (
  name: string,
  result: 'term' | 'integer' | 'string',
  compute: (value: DateTime) => Value,
): SparqlFunction =>
  termFunction(name, result, (term) => {
    if (term.termType !== 'Literal') return null
    const value = literalValue(term)
    return value.kind === 'dateTime' || value.kind === 'date' || value.kind === 'time'
      ? compute(value.value)
      : null
  })

const times: readonly SparqlFunction[] = [
  onDateTime('year', 'integer', (value) => value.year),
  onDateTime('month', 'integer', (value) => value.month),
  onDateTime('day', 'integer', (value) => value.day),
  onDateTime('hours', 'integer', (value) => value.hour),
  onDateTime('minutes', 'integer', (value) => value.minute),
  onDateTime('seconds', 'term', (value) => typedLiteral(value.second.replace(/^0(?=\d)/, ''), XSD_DECIMAL)),
  onDateTime('tz', 'string', (value) => zoneText(value.zone)),
  onDateTime('timezone', 'term', (value) =>
    value.zone === null ? null : typedLiteral(zoneDuration(value.zone), XSD_DAY_TIME_DURATION),
  ),
]

const hashes: readonly SparqlFunction[] = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'].map((name) =>
  termFunction(name, 'string', (term) =>
    term.termType === 'Literal' && term.datatype.value === XSD_STRING
      ? createHash(name).update(term.value).digest('hex')
      : null,
  ),
)

/** Holds the functions of numbers, text, times, and hashes. */
export const valueFunctions: readonly SparqlFunction[] = [...numbers, ...texts, ...times, ...hashes]
