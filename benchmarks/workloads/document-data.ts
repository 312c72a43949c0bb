import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** Is a nested document with fields that are missing, mixed in type, and arrays. */
export type Person = {
  readonly _id: number
  readonly name: string
  readonly age: number
  readonly address: {
    readonly city: string
    readonly zip: string
    readonly geo?: { readonly lat: number; readonly lon: number }
  }
  readonly tags: readonly string[]
  readonly department: number
  readonly balance?: number
  readonly mixed?: number | string | null
  readonly scores: readonly { readonly subject: string; readonly points: number }[]
}

/** Is what a person's `department` leads to. */
export type Department = { readonly _id: number; readonly title: string; readonly region: string }

/** How many documents the workloads run over. */
export const PEOPLE = 200_000
const DEPARTMENTS = 500
const SUBJECTS = ['math', 'music', 'sport', 'history']

/** Gives numbers below `bound` that look random and are the same each time. */
function scramble(index: number, salt: number, bound: number): number {
  let hash = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) % bound
}

function mixedValue(index: number): { mixed?: number | string | null } {
  const kind = scramble(index, 1, 20)
  if (kind === 0) return {}
  if (kind === 1) return { mixed: null }
  return { mixed: kind < 5 ? `level ${scramble(index, 2, 10)}` : scramble(index, 3, 50) }
}

function person(index: number): Person {
  const tagCount = scramble(index, 4, 5)
  return {
    _id: index,
    name: `Person ${index}`,
    age: 18 + scramble(index, 5, 73),
    address: {
      city: `city ${scramble(index, 6, 100)}`,
      zip: `Z${scramble(index, 7, 1000)}`,
      ...(scramble(index, 8, 5) === 0
        ? {}
        : {
            geo: { lat: scramble(index, 9, 18000) / 100 - 90, lon: scramble(index, 10, 36000) / 100 - 180 },
          }),
    },
    tags: Array.from({ length: tagCount }, (_, at) => `tag ${scramble(index, 20 + at, 400)}`),
    department: scramble(index, 11, DEPARTMENTS),
    ...(scramble(index, 12, 10) === 0 ? {} : { balance: scramble(index, 13, 400_000) / 4 }),
    ...mixedValue(index),
    scores: [0, 1].map((at) => ({
      subject: SUBJECTS[scramble(index, 30 + at, 4)] as string,
      points: scramble(index, 40 + at, 100),
    })),
  }
}

/** Makes the people. */
export function makePeople(count: number = PEOPLE): Person[] {
  return Array.from({ length: count }, (_, index) => person(index))
}

/** Makes the departments. */
export function makeDepartments(): Department[] {
  return Array.from({ length: DEPARTMENTS }, (_, index) => ({
    _id: index,
    title: `Department ${index}`,
    region: `region ${index % 12}`,
  }))
}

/** Writes documents as one JSON text a line. */
export async function writeLines(path: string, documents: readonly object[]): Promise<void> {
  const file = createWriteStream(path)
  for (const document of documents) {
    if (!file.write(`${JSON.stringify(document)}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
}
