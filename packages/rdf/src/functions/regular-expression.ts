const compiled = new Map<string, RegExp | null>()
const MAX_COMPILED = 500
const MAX_PATTERN_LENGTH = 10_000

/**
 * Compiles a pattern of XPath with its flags (`s`, `m`, `i`, `x`, `q`); `null` where either is not valid.
 *
 * @see XQuery and XPath Functions and Operators 3.1, section 5.6.1
 */
export function regularExpression(pattern: string, flags: string, extra = ''): RegExp | null {
  const key = `${flags}/${extra}/${pattern}`
  let expression = compiled.get(key)
  if (expression === undefined) {
    expression = compile(pattern, flags, extra)
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(key, expression)
  }
  return expression
}

function compile(pattern: string, flags: string, extra: string): RegExp | null {
  if (!/^[smixq]*$/.test(flags) || pattern.length > MAX_PATTERN_LENGTH) return null
  let source = pattern
  if (flags.includes('q')) source = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  else if (flags.includes('x')) source = withoutSpace(pattern)
  const own = Array.from(new Set(flags.replaceAll(/[xq]/g, ''))).join('')
  try {
    return new RegExp(source, `u${own}${extra}`)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Drops white space outside character classes, as the flag `x` asks. */
function withoutSpace(pattern: string): string {
  let depth = 0
  let kept = ''
  for (let index = 0; index < pattern.length; index += 1) {
    const unit = pattern[index] as string
    if (unit === '\\') {
      kept += unit + (pattern[index + 1] ?? '')
      index += 1
      continue
    }
    if (unit === '[') depth += 1
    else if (unit === ']' && depth > 0) depth -= 1
    if (depth > 0 || !/[\t\n\r ]/.test(unit)) kept += unit
  }
  return kept
}

/** Turns a replacement of XPath (`$1`, `\$`) into one of JavaScript; `null` where it is not valid. */
export function replacement(text: string): string | null {
  let result = ''
  for (let index = 0; index < text.length; index += 1) {
    const unit = text[index] as string
    const next = text[index + 1]
    if (unit === '\\') {
      if (next !== '\\' && next !== '$') return null
      result += next === '$' ? '$$' : '\\'
      index += 1
    } else if (unit === '$') {
      if (next === undefined || !/\d/.test(next)) return null
      result += next === '0' ? '$&' : `$${next}`
      index += 1
    } else result += unit
  }
  return result
}
