/**
 * Reads CSV as RFC 4180 has it: fields between separators, in quotes where they hold one, a quote in quotes written
 * twice; lines end with CR, LF or both.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function* csvRecords(text: string, separator = ','): Generator<string[]> {
  let fields: string[] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (at < text.length) {
    const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at, separator)
    fields.push(field.value)
    at = field.end
    if (text[at] === separator) {
      at += 1
      // A separator at the end of the text stands before one more field, which is empty.
      if (at === text.length) fields.push('')
      if (at < text.length) continue
    } else if (text[at] === '\r' && text[at + 1] === '\n') at += 2
    else at += 1
    yield fields
    fields = []
  }
}

type Field = { readonly value: string; readonly end: number }

function plainField(text: string, start: number, separator: string): Field {
  let end = start
  while (end < text.length) {
    const char = text[end]
    if (char === separator || char === '\n' || char === '\r') break
    end += 1
  }
  return { value: text.slice(start, end), end }
}

function quotedField(text: string, start: number): Field {
  let value = ''
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote === -1) return { value: value + text.slice(from), end: text.length }
    value += text.slice(from, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1 }
    value += '"'
    from = quote + 2
  }
}
