import { type DataType, Type } from 'apache-arrow'
import { quoteIdentifier } from '../language/quote.ts'

/** Writes the value of a struct whose fields have other names since: field by field, by their place, at any depth. */
export function renamedStruct(value: string, from: DataType, to: DataType): string {
  if (from.typeId !== Type.Struct || to.typeId !== Type.Struct || from.children.length !== to.children.length)
    return value
  const fields = from.children.map((field, index) => {
    const other = to.children[index] as (typeof to.children)[number]
    const held = renamedStruct(`${value}.${quoteIdentifier(field.name)}`, field.type, other.type)
    return `${quoteIdentifier(other.name)} := ${held}`
  })
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END`
}
