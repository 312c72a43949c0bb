/** Functions of the SQL standard and those that every database has, and the words that stand before a bracket. */
const STANDARD: ReadonlySet<string> = new Set(
  `abs all and any as asc avg between bit_length by case cast ceil ceiling char_length character_length coalesce concat
  corr cos count covar_pop covar_samp cross cube cume_dist current_date current_timestamp date date_part day decimal
  dense_rank desc distinct else end every except exists exp extract false filter first_value floor from full group
  group_concat grouping having hour if ifnull in inner instr intersect into is join lag last_value lead left length like
  limit ln log log10 lower ltrim materialized max min minute mod month natural not nth_value ntile null nullif numeric
  offset on only or order outer over overlay partition percent_rank position power pow qualify rank recursive replace
  right rollup round row row_number rtrim second select sets sign sin sqrt stddev stddev_pop stddev_samp string_agg
  substr substring sum tan table then time timestamp trim true union unique upper using values var_pop var_samp varchar
  variance when where window with within year`.split(/\s+/),
)

/** Types of the SQL standard. */
const TYPES =
  /^(tinyint|smallint|int|integer|bigint|decimal|numeric|real|float|double|boolean|bool|varchar|char|text|string|date|timestamp|time|int1|int2|int4|int8)$/i

/**
 * Tells whether a query is plain SQL, without functions, types and syntax that DuckDB alone has: every name before a
 * bracket is a function of the standard, or an alias with its columns.
 */
export function isPlainSelect(sql: string): boolean {
  const text = sql.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/--[^\n]*/g, '')
  if (!/^\s*(SELECT|WITH|VALUES|\(|FROM)\b/i.test(text)) return false
  if (
    /[[{]|->|\bcolumns\s*\(|\blambda\b|\bsample\b|\bpivot|\basof\b|\bpositional\b|\bcollate\b|\bglob\b|\$/i.test(
      text,
    )
  )
    return false
  for (const [, type = ''] of text.matchAll(/::\s*"?(\w+)/g)) if (!TYPES.test(type)) return false
  for (const [, type = ''] of text.matchAll(/\bcast\s*\(.*?\bas\s+(\w+)/gi))
    if (!TYPES.test(type)) return false
  const aliases = new Set(
    [
      ...text.matchAll(/(?:\bwith|\brecursive|,)\s+(\w+)\s*\([\w\s,]*\)\s+as\b/gi),
      ...text.matchAll(/(?:\)|\bas)\s+(\w+)\s*\([\w\s,]*\)/gi),
    ].map(([, name = '']) => name.toLowerCase()),
  )
  for (const [, name = ''] of text.matchAll(/\b([a-z_]\w*)\s*\(/gi)) {
    const word = name.toLowerCase()
    if (!STANDARD.has(word) && !aliases.has(word)) return false
  }
  return true
}
