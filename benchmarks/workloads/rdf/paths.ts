import type { Workload } from '../../src/workload.ts'
import { seededRandom } from '../flights-data.ts'
import { querySet } from './query-set.ts'

const NODES = 100_000
const EDGES = 100_000
const node = (at: number) => `<http://path.example/${at}>`
const P = '<http://path.example/p>'
const Q = '<http://path.example/q>'

/** Makes a tree of many branches beside short chains, so that closures are wide and deep but can be listed. */
function edges(): string {
  const random = seededRandom(5)
  const lines: string[] = []
  for (let at = 1; at < EDGES; at += 1) {
    const near = Math.max(0, at - 1 - Math.floor(random() * 2000))
    lines.push(`${node(near)} ${P} ${node(at)} .`)
    if (at % 40 !== 0) lines.push(`${node(at - 1)} ${Q} ${node(at)} .`)
  }
  for (let at = 0; at < NODES / 10; at += 1)
    lines.push(`${node(Math.floor(random() * NODES))} ${P} ${node(Math.floor(random() * NODES))} .`)
  return `${lines.join('\n')}\n`
}

/** Property paths: from one node, to one node, and with both ends free. */
export const rdfPaths: Workload = querySet({
  name: 'rdf-paths',
  title: 'property paths over 100 K edges',
  asked: 3,
  document: edges,
  queries: [
    { name: 'p+ from one node', text: `SELECT (COUNT(*) AS ?n) { ${node(3)} ${P}+ ?x }` },
    { name: 'p* to one node', text: `SELECT (COUNT(*) AS ?n) { ?x ${P}* ${node(90_001)} }` },
    { name: 'q+, both ends free', text: `SELECT (COUNT(*) AS ?n) { ?x ${Q}+ ?y }` },
    { name: '(p|q)+ from one node', text: `SELECT (COUNT(*) AS ?n) { ${node(3)} (${P}|${Q})+ ?x }` },
    { name: 'p/q?/p, both ends free', text: `SELECT (COUNT(*) AS ?n) { ?x ${P}/${Q}?/${P} ?y }` },
    { name: '(p/q)+ from one node', text: `SELECT (COUNT(*) AS ?n) { ${node(3)} (${P}/${Q})+ ?x }` },
  ],
})
