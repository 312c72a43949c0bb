import { SheafError } from '../types/errors.ts'
import type { ModelContext } from './model.ts'

/** Is what every model's API has beside its own calls. */
export type CollectionMethods = {
  /** Names the collections of this model, in order. */
  list(): string[]
  /** Deletes a collection with all that it holds. @throws `NOT_FOUND` */
  drop(name: string): Promise<void>
  /** Gives a collection another name. @throws `NOT_FOUND`, `ALREADY_EXISTS` */
  rename(from: string, to: string): Promise<void>
  /**
   * Undoes changes of a collection's definition, its being dropped among them: its name, options and fields become those
   * of a version within the retention. @throws `NOT_FOUND`, `ALREADY_EXISTS`, `CONSTRAINT`, `TYPE`
   */
  restore(name: string, version: number): Promise<void>
}

/** Makes the methods that are common to all models. */
export function collectionMethods(context: ModelContext, model: string): CollectionMethods {
  return {
    list: () =>
      context
        .catalog()
        .collections(model)
        .map((collection) => collection.name)
        .sort(),
    drop: (name) => context.write((transaction) => transaction.dropCollection(model, name)),
    rename: (from, to) =>
      context.write((transaction) => transaction.renameCollection(model, from, checkName(to))),
    restore: (name, version) =>
      context.write((transaction) => transaction.restoreCollection(model, name, version)),
  }
}

const MAX_NAME_LENGTH = 255

/** Checks the name of a collection: any text that is not empty, without control characters. @throws `ARGUMENT` */
export function checkName(name: string): string {
  if (
    typeof name !== 'string' ||
    name.length === 0 ||
    name.length > MAX_NAME_LENGTH ||
    /\p{Cc}/u.test(name)
  ) {
    throw new SheafError(
      'ARGUMENT',
      `A name must be a text of 1 to ${MAX_NAME_LENGTH} characters without control characters: ${JSON.stringify(name)}`,
    )
  }
  return name
}
