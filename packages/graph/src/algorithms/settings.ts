import { SheafError, type Value } from '@sheafdb/core'
import { isListValue, isNumeric, kindName, NodeValue } from '../values.ts'
import { type AlgorithmGraph, seededRandom, type Way } from './csr.ts'

/** Reads the settings of an algorithm, given as a map. @throws `ARGUMENT` for a setting of the wrong kind */
export class Settings {
  readonly #given: Readonly<Record<string, Value>>

  constructor(given: Readonly<Record<string, Value>>, known: readonly string[]) {
    this.#given = given
    for (const name of Object.keys(given)) {
      if (!known.includes(name))
        throw new SheafError(
          'ARGUMENT',
          `An algorithm does not know this setting. It knows ${known.join(', ')}: ${name}`,
          {
            phase: 'runtime',
          },
        )
    }
  }

  #value(name: string): Value {
    return Object.hasOwn(this.#given, name) ? (this.#given[name] ?? null) : null
  }

  /** Gives a number within bounds, both included. */
  number(
    name: string,
    fallback: number,
    least: number = Number.NEGATIVE_INFINITY,
    most: number = Number.POSITIVE_INFINITY,
  ): number {
    const value = this.#value(name)
    if (value === null) return fallback
    if (isNumeric(value) && Number(value) >= least && Number(value) <= most) return Number(value)
    throw wrong(name, `a number from ${least} to ${most}`, value)
  }

  /** Gives a whole number of at least `least`. */
  count(name: string, fallback: number, least = 0): number {
    const value = this.#value(name)
    if (value === null) return fallback
    if (isNumeric(value) && Number.isSafeInteger(Number(value)) && Number(value) >= least)
      return Number(value)
    throw wrong(name, `a whole number of at least ${least}`, value)
  }

  /** Gives one of some words. */
  choice<Word extends string>(name: string, fallback: Word, words: readonly Word[]): Word {
    const value = this.#value(name)
    if (value === null) return fallback
    const found = words.find((word) => word === value)
    if (found !== undefined) return found
    throw wrong(name, `one of ${words.join(', ')}`, value)
  }

  /** Gives which way edges are followed. */
  way(fallback: Way): Way {
    return this.choice('direction', fallback, ['out', 'in', 'both'])
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#value(name)
    if (value === null) return fallback
    if (typeof value === 'boolean') return value
    throw wrong(name, 'true or false', value)
  }

  /** Gives a text, `null` where there is none. */
  text(name: string): string | null {
    const value = this.#value(name)
    if (value === null || typeof value === 'string') return value
    throw wrong(name, 'a text', value)
  }

  /** Gives a list of texts, of which one may stand alone; `null` where there is none. */
  texts(name: string): readonly string[] | null {
    const value = this.#value(name)
    if (value === null) return null
    const list = typeof value === 'string' ? [value] : isListValue(value) ? Array.from(value) : null
    if (list?.every((item) => typeof item === 'string')) return list as readonly string[]
    throw wrong(name, 'a text or a list of texts', value)
  }

  /** Gives the numbers of nodes, given as nodes or ids; `null` where there is none. */
  nodes(name: string, graph: AlgorithmGraph): readonly number[] | null {
    const value = this.#value(name)
    return value === null ? null : nodeNumbers(value, graph)
  }

  /** Picks so many numbers below a count at random; all of them where nothing is said. */
  sample(name: string, count: number): ArrayLike<number> & Iterable<number> {
    const size = Math.min(count, this.count(name, count, 1))
    const order = Uint32Array.from({ length: count }, (_, at) => at)
    if (size === count) return order
    const random = seededRandom(this.count('seed', 1))
    for (let at = 0; at < size; at += 1) {
      const other = at + Math.floor(random() * (count - at))
      const kept = order[at] as number
      order[at] = order[other] as number
      order[other] = kept
    }
    return order.subarray(0, size)
  }
}

/** Finds the numbers of nodes that are given whole or by their ids. @throws `NOT_FOUND`, `ARGUMENT` */
export function nodeNumbers(value: Value, graph: AlgorithmGraph): readonly number[] {
  const given = isListValue(value) ? Array.from(value) : [value]
  return given.map((item) => {
    const id = item instanceof NodeValue ? item.id : isNumeric(item) ? Number(item) : -1
    const number = graph.numberOf(id)
    if (number !== -1) return number
    throw new SheafError(
      'NOT_FOUND',
      `An algorithm was given what is no node of the part of the graph that it runs on. Give a node or its id: ${kindName(item)}`,
      { phase: 'runtime', detail: 'InvalidArgumentValue' },
    )
  })
}

function wrong(name: string, wanted: string, value: Value): SheafError {
  return new SheafError(
    'ARGUMENT',
    `The setting ${name} must be ${wanted}. It is a ${kindName(value)}: ${String(value)}`,
    {
      phase: 'runtime',
      detail: 'InvalidArgumentValue',
    },
  )
}
