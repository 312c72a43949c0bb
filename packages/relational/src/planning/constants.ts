import { SheafError, type Value } from '@sheafdb/core'

type Node = { readonly [key: string]: unknown }

/** Reads an argument of a table function: a constant, a list, or a struct of those. @throws `ARGUMENT` */
export function constantOf(node: unknown, functionName: string): Value {
  const { class: kind, value, function_name: name, children, child } = node as Node
  if (kind === 'CONSTANT') return constantValue(value as Node)
  if (kind === 'CAST') return castConstant(constantOf(child, functionName))
  const items = (children ?? []) as readonly Node[]
  if (kind === 'FUNCTION' && (name === 'list_value' || name === 'array_value'))
    return items.map((item) => constantOf(item, functionName))
  if (kind === 'FUNCTION' && name === 'struct_pack')
    return Object.fromEntries(items.map((item) => [String(item.alias), constantOf(item, functionName)]))
  throw new SheafError(
    'ARGUMENT',
    `The arguments of ${functionName} must be constants. Write them into the text.`,
  )
}

/** Booleans stand in the tree as casts of 't' and 'f'. */
function castConstant(value: Value): Value {
  return value === 't' ? true : value === 'f' ? false : value
}

function constantValue({ type, is_null: isNull, value }: Node): Value {
  if (isNull) return null
  const { id, type_info: info } = type as { id: string; type_info?: { scale?: number } }
  return id === 'DECIMAL' ? Number(`${String(value)}e-${info?.scale ?? 0}`) : value
}
