import type * as RDF from '@rdfjs/types'

/** Is a tuple of named terms: a solution, or a quad. */
export type Tuple = readonly (readonly [name: string, term: RDF.Term])[]

type Colors = ReadonlyMap<string, string>
type Options = { readonly byValue: (name: string) => boolean }

function blanksOf(term: RDF.Term): string[] {
  if (term.termType === 'BlankNode') return [term.value]
  return term.termType === 'Quad'
    ? [term.subject, term.predicate, term.object].flatMap((part) => blanksOf(part))
    : []
}

const NUMERIC = /#(?:integer|decimal|float|double|int|long|short|byte|nonNegativeInteger)$/

function signature(term: RDF.Term, colors: Colors, byValue: boolean, own?: string): string {
  switch (term.termType) {
    case 'BlankNode':
      return term.value === own ? '_:self' : `_:${colors.get(term.value) ?? ''}`
    case 'Literal': {
      const language = `${term.language.toLowerCase()}--${term.direction ?? ''}`
      const number = NUMERIC.test(term.datatype.value) ? Number(term.value) : Number.NaN
      const value = byValue && !Number.isNaN(number) ? number.toPrecision(12) : JSON.stringify(term.value)
      return `${value}@${language}^^${term.datatype.value}`
    }
    case 'Quad':
      return `<<${[term.subject, term.predicate, term.object].map((part) => signature(part, colors, byValue, own)).join(' ')}>>`
    default:
      return `${term.termType}:${term.value}`
  }
}

function tupleSignature(tuple: Tuple, colors: Colors, options: Options, own?: string): string {
  return tuple
    .map(([name, term]) => `${name}=${signature(term, colors, options.byValue(name), own)}`)
    .sort()
    .join('|')
}

function refine(tuples: readonly Tuple[], start: Colors, options: Options): Colors {
  let colors = start
  const blanks = new Set(tuples.flatMap((tuple) => tuple.flatMap(([, term]) => blanksOf(term))))
  for (let round = 0; round <= blanks.size; round += 1) {
    const next = new Map<string, string>()
    for (const blank of blanks) {
      const around = tuples
        .filter((tuple) => tuple.some(([, term]) => blanksOf(term).includes(blank)))
        .map((tuple) => tupleSignature(tuple, colors, options, blank))
        .sort()
      next.set(blank, hash(`${start.get(blank) ?? ''}/${around.join('\n')}`))
    }
    const before = new Set(colors.values()).size
    colors = next
    if (new Set(next.values()).size === before && round > 0) break
  }
  return colors
}

function hash(text: string): string {
  let [a, b] = [2166136261, 40389]
  for (let index = 0; index < text.length; index += 1) {
    a = Math.imul(a ^ text.charCodeAt(index), 16777619)
    b = Math.imul(b ^ text.charCodeAt(index), 709607)
  }
  return `${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}`
}

function sortedSignatures(tuples: readonly Tuple[], colors: Colors, options: Options): string {
  return tuples
    .map((tuple) => tupleSignature(tuple, colors, options))
    .sort()
    .join('\n')
}

/** Tells whether two bags of tuples are the same up to the names of blank nodes. */
export function areIsomorphic(left: readonly Tuple[], right: readonly Tuple[], options: Options): boolean {
  return left.length === right.length && match(left, right, { left: new Map(), right: new Map(), options })
}

type State = { readonly left: Colors; readonly right: Colors; readonly options: Options }

function match(left: readonly Tuple[], right: readonly Tuple[], state: State): boolean {
  const a = refine(left, state.left, state.options)
  const b = refine(right, state.right, state.options)
  if (sortedSignatures(left, a, state.options) !== sortedSignatures(right, b, state.options)) return false
  const twins = [...a].find(([blank, color]) =>
    [...a].some(([other, same]) => other !== blank && same === color),
  )
  if (twins === undefined) return true
  const [blank, color] = twins
  return [...b]
    .filter(([, other]) => other === color)
    .some(([other]) =>
      match(left, right, {
        left: new Map([...a, [blank, 'chosen']]),
        right: new Map([...b, [other, 'chosen']]),
        options: state.options,
      }),
    )
}
