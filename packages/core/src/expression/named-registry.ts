import { SheafError } from '../types/errors.ts'

/** Holds definitions by name, to which models add theirs. */
export class NamedRegistry<Definition extends { readonly name: string }> {
  readonly #kind: string
  readonly #definitions = new Map<string, Definition>()

  /** `kind` is the word for a definition in messages: `function`, `aggregate`. */
  constructor(kind: string) {
    this.#kind = kind
  }

  /** Adds definitions. The same one twice is harmless. @throws `ALREADY_EXISTS` for another under its name */
  add(definitions: Iterable<Definition>): void {
    for (const definition of definitions) {
      const known = this.#definitions.get(definition.name)
      if (known !== undefined && known !== definition) {
        throw new SheafError(
          'ALREADY_EXISTS',
          `Another ${this.#kind} of this name is registered already. Choose another name: ${definition.name}`,
        )
      }
      this.#definitions.set(definition.name, definition)
    }
  }

  /** Finds a definition. @throws `NOT_FOUND` */
  get(name: string): Definition {
    const definition = this.#definitions.get(name)
    if (definition !== undefined) return definition
    throw new SheafError(
      'NOT_FOUND',
      `There is no ${this.#kind} of this name. Check its spelling, or pass the model that brings it: ${name}`,
    )
  }

  has(name: string): boolean {
    return this.#definitions.has(name)
  }
}
