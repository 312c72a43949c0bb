/**
 * Writes a run of values as Parquet's shredded variant: a struct of `metadata` (one dictionary of keys for the run),
 * `value` (what does not fit, encoded) and `typed_value` (what fits, as Arrow columns).
 *
 * A row of such a pair is: both null, missing; `value` alone, the encoded value; `typed_value` alone, the typed value;
 * both, an object whose `value` holds the keys that have no column. The order of keys is exact: an object is shredded
 * only where its keys with columns are in the order of the columns, any other object is encoded whole; and where keys
 * without a column do not come last, their places are kept beside them (see `VariantWriter.writeObject`).
 *
 * @see https://github.com/apache/parquet-format/blob/master/VariantShredding.md
 */
import { Binary, Dictionary, Field, Int8, Struct } from 'apache-arrow'
import type { DictionaryColumn, StructColumn } from '../column.ts'
import { columnFromValues, validityOf } from '../column-builder.ts'
import type { Value } from '../value.ts'
import { GroupBuilder } from './group-builder.ts'
import { type InferOptions, inferLayout, type ShredLayout } from './infer.ts'
import { KeyDictionary } from './metadata.ts'

/**
 * Shreds values into one struct column. A null or `undefined` value is a null of the struct.
 *
 * The layout is inferred from the values where none is given. Reading back gives equal values, their keys in order,
 * `number` and `bigint` apart; `undefined` inside comes back as null, a `Map` as a plain object.
 *
 * @throws `TYPE` for what cannot be stored, `LIMIT` for what is nested too deep or too large
 */
export function shredVariants(
  values: readonly Value[],
  options: InferOptions & { readonly layout?: ShredLayout } = {},
): StructColumn {
  const layout = options.layout ?? inferLayout(values, options)
  const keys = new KeyDictionary()
  const root = new GroupBuilder(layout, values.length, keys, 0)
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row]
    if (value !== null && value !== undefined) root.set(row, value)
  }
  const group = root.build(values.length)
  const metadata = sharedMetadata(keys, values.length)
  const children = [metadata, ...group.children]
  const type = new Struct([
    new Field('metadata', new Dictionary(new Binary(), new Int8(), null, false), false),
    ...group.type.children,
  ])
  return { layout: 'struct', type, length: values.length, validity: validityOf(values), children }
}

function sharedMetadata(keys: KeyDictionary, length: number): DictionaryColumn {
  const dictionary = columnFromValues(new Binary(), [keys.encode()])
  return {
    layout: 'dictionary',
    type: new Binary(),
    length,
    validity: null,
    codes: new Int8Array(length),
    dictionary,
  }
}
