import {
  ANY,
  BOOLEAN,
  elementOf,
  FLOAT,
  INTEGER,
  listOf,
  MAP,
  NODE,
  RELATIONSHIP,
  STRING,
  type StaticKind,
  type StaticType,
} from './static-type.ts'

/** Describes a function to the checks: how many arguments it takes, of which kinds, and what it gives. */
export type Signature = {
  readonly minimum: number
  readonly maximum: number
  /** The kinds that each argument may have; arguments past the end and `any` are not checked. */
  readonly accepts: readonly (readonly StaticKind[])[]
  readonly result: (args: readonly StaticType[]) => StaticType
  readonly isAggregate: boolean
  /** Whether equal arguments may give different results. */
  readonly isVolatile: boolean
}

type Options = {
  readonly minimum?: number
  readonly maximum?: number
  readonly accepts?: readonly (readonly StaticKind[])[]
  readonly isAggregate?: boolean
  readonly isVolatile?: boolean
}

const SIGNATURES = new Map<string, Signature>()

function define(
  names: string,
  count: number,
  result: StaticType | ((args: readonly StaticType[]) => StaticType),
  options: Options = {},
): void {
  for (const name of names.split(' ')) {
    SIGNATURES.set(name.toLowerCase(), {
      minimum: options.minimum ?? count,
      maximum: options.maximum ?? count,
      accepts: options.accepts ?? [],
      result: typeof result === 'function' ? result : () => result,
      isAggregate: options.isAggregate ?? false,
      isVolatile: options.isVolatile ?? false,
    })
  }
}

const first = (args: readonly StaticType[]): StaticType => args[0] ?? ANY
const numeric: Options = { accepts: [['number'], ['number']] }
const text: Options = { accepts: [['string'], ['string'], ['string']] }

define('labels', 1, listOf(STRING), { accepts: [['node']] })
define('type', 1, STRING, { accepts: [['relationship']] })
define('id', 1, INTEGER, { accepts: [['node', 'relationship']] })
define('elementId', 1, STRING, { accepts: [['node', 'relationship']] })
define('properties', 1, MAP, { accepts: [['node', 'relationship', 'map']] })
define('keys', 1, listOf(STRING), { accepts: [['node', 'relationship', 'map']] })
define('startNode endNode', 1, NODE, { accepts: [['relationship']] })
define('nodes', 1, listOf(NODE), { accepts: [['path']] })
define('relationships', 1, listOf(RELATIONSHIP), { accepts: [['path']] })
define('length', 1, INTEGER, { accepts: [['path']] })
define('size', 1, INTEGER, { accepts: [['list', 'string', 'map']] })
define('exists', 1, BOOLEAN)
define('isEmpty', 1, BOOLEAN, { accepts: [['list', 'string', 'map']] })
define('head last', 1, (args) => elementOf(first(args)), { accepts: [['list']] })
define('tail', 1, first, { accepts: [['list']] })
define('reverse', 1, first, { accepts: [['list', 'string']] })
define('range', 3, listOf(INTEGER), { minimum: 2 })
define('coalesce', 1, ANY, { maximum: 1000 })
define('nullIf', 2, first)
define('toInteger toIntegerOrNull', 1, INTEGER)
define('toFloat toFloatOrNull', 1, FLOAT)
define('toBoolean toBooleanOrNull', 1, BOOLEAN)
define('toString toStringOrNull', 1, STRING)
define('toIntegerList toFloatList toBooleanList toStringList', 1, listOf(ANY), { accepts: [['list']] })
define('valueType', 1, STRING)
define('isTyped', 2, BOOLEAN)
define('abs', 1, first, numeric)
define('sign', 1, INTEGER, numeric)
define(
  'ceil floor sqrt exp log ln log10 sin cos tan cot asin acos atan degrees radians haversin sinh cosh tanh coth',
  1,
  FLOAT,
  numeric,
)
define('round', 1, FLOAT, { minimum: 1, maximum: 3, accepts: [['number'], ['number']] })
define('atan2', 2, FLOAT, numeric)
define('isNaN', 1, BOOLEAN, numeric)
define('pi e', 0, FLOAT)
define('rand', 0, FLOAT, { isVolatile: true })
define('randomUUID', 0, STRING, { isVolatile: true })
define('timestamp', 0, INTEGER, { isVolatile: true })
define('toUpper toLower upper lower', 1, STRING, text)
define('trim ltrim rtrim btrim', 1, STRING, { minimum: 1, maximum: 2, accepts: [['string'], ['string']] })
define('left right', 2, STRING, { accepts: [['string'], ['number']] })
define('substring', 3, STRING, { minimum: 2, accepts: [['string'], ['number'], ['number']] })
define('replace', 3, STRING, text)
define('split', 2, listOf(STRING), { accepts: [['string'], ['string', 'list']] })
define('char_length character_length', 1, INTEGER, text)
define('vector_distance', 2, FLOAT)

for (const kind of ['date', 'localtime', 'time', 'localdatetime', 'datetime']) {
  for (const clock of ['', '.statement', '.transaction', '.realtime'])
    define(`${kind}${clock}`, 1, ANY, { minimum: 0 })
  define(`${kind}.truncate`, 3, ANY, { minimum: 1 })
}
define('datetime.fromepoch', 2, ANY)
define('datetime.fromepochmillis duration', 1, ANY)
define('point', 1, ANY)
define('distance point.distance', 2, FLOAT)
define('point.withinBBox', 3, BOOLEAN)
define('duration.between duration.inMonths duration.inDays duration.inSeconds', 2, ANY)

const aggregate: Options = { isAggregate: true }
define('count', 1, INTEGER, aggregate)
define('sum', 1, first, { ...aggregate, accepts: [['number']] })
define('avg', 1, FLOAT, { ...aggregate, accepts: [['number']] })
define('min max', 1, first, aggregate)
define('collect', 1, (args) => listOf(first(args)), aggregate)
define('stDev stDevP', 1, FLOAT, { ...aggregate, accepts: [['number']] })
define('percentileCont percentileDisc', 2, FLOAT, { ...aggregate, accepts: [['number'], ['number']] })

/** Finds what is known of a function, whatever the case of its name. */
export function signatureOf(name: string): Signature | undefined {
  return SIGNATURES.get(name.toLowerCase())
}
