import { describe, expect, it } from 'vitest'
import { formatResults, resultFormat } from '../../src/formats/results.ts'
import { dataFactory } from '../../src/index.ts'

const { namedNode, blankNode, literal } = dataFactory
const results = {
  variables: ['a', 'b'],
  rows: [
    { a: namedNode('http://e/?x&y'), b: literal('say "hi", <you>\n') },
    { a: blankNode('n7') },
    { a: literal('1', namedNode('http://www.w3.org/2001/XMLSchema#integer')), b: literal('hei', 'no') },
  ],
}

describe('results', () => {
  it('are written as JSON', () => {
    expect(JSON.parse(formatResults('json', results))).toEqual({
      head: { vars: ['a', 'b'] },
      results: {
        bindings: [
          { a: { type: 'uri', value: 'http://e/?x&y' }, b: { type: 'literal', value: 'say "hi", <you>\n' } },
          { a: { type: 'bnode', value: 'n7' } },
          {
            a: { type: 'literal', value: '1', datatype: 'http://www.w3.org/2001/XMLSchema#integer' },
            b: { type: 'literal', value: 'hei', 'xml:lang': 'no' },
          },
        ],
      },
    })
    expect(formatResults('json', { boolean: true })).toBe('{"head":{},"boolean":true}')
  })

  it('are written as XML', () => {
    const text = formatResults('xml', results)
    expect(text).toContain('<uri>http://e/?x&amp;y</uri>')
    expect(text).toContain('<literal xml:lang="no">hei</literal>')
    expect(text).toContain('say &quot;hi&quot;, &lt;you&gt;')
  })

  it('are written as CSV and TSV, blank nodes under labels of the result', () => {
    expect(formatResults('csv', results)).toBe(
      'a,b\r\nhttp://e/?x&y,"say ""hi"", <you>\n"\r\n_:b0,\r\n1,hei\r\n',
    )
    expect(formatResults('tsv', results)).toBe(
      '?a\t?b\n<http://e/?x&y>\t"say \\"hi\\", <you>\\n"\n_:b0\t\n1\t"hei"@no\n',
    )
  })

  it('are found by name and media type', () => {
    expect(resultFormat('application/sparql-results+json; charset=utf-8')).toBe('json')
    expect(resultFormat('turtle')).toBeUndefined()
  })
})
