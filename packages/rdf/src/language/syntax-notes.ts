import type { OperationSyntax } from './syntax.ts'

/**
 * Finds what the grammar's notes forbid and the parser lets pass: a variable twice in one VALUES, and an alias of
 * SELECT that the groups define already. Gives a sentence and the variable, or null.
 *
 * @see SPARQL 1.2 Query Language, section 19.8 (notes on the grammar)
 */
export function findMisuse(
  operation: OperationSyntax,
): { readonly message: string; readonly variable: string } | null {
  switch (operation.type) {
    case 'values': {
      const names = operation.variables.map((variable) => variable.value)
      const twice = names.find((name, index) => names.indexOf(name) !== index)
      return twice === undefined
        ? null
        : { message: 'A variable stands twice in VALUES. Name it once.', variable: twice }
    }
    case 'extend': {
      const { value } = operation.variable
      if (groupVariables(operation.input).includes(value))
        return { message: 'The groups define this variable already. Choose another name.', variable: value }
      return findMisuse(operation.input)
    }
    case 'join':
    case 'union':
    case 'leftjoin':
    case 'minus':
      for (const input of operation.input) {
        const found = findMisuse(input)
        if (found !== null) return found
      }
      return null
    case 'bgp':
    case 'path':
    case 'nop':
      return null
    default:
      return findMisuse(operation.input)
  }
}

/** Names the variables of the groups that a SELECT clause stands on. */
function groupVariables(operation: OperationSyntax): string[] {
  switch (operation.type) {
    case 'group':
      return operation.variables.map((variable) => variable.value)
    case 'extend':
    case 'filter':
    case 'orderby':
      return groupVariables(operation.input)
    default:
      return []
  }
}
