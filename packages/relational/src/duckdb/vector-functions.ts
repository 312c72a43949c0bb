const pairs = (term: string): string => `list_sum([${term} for pair in list_zip(a::DOUBLE[], b::DOUBLE[])])`

const NATIVE_ONLY = 'tensor_slice is computed by the native engine alone. Move it into a simpler query.'

/**
 * Defines in DuckDB the functions over vectors that models offer to all languages, so that it knows their types and runs
 * what the native engine does not.
 */
export const VECTOR_MACROS: string = [
  'cosine_distance(a, b) AS list_cosine_distance(a::DOUBLE[], b::DOUBLE[])',
  'l2_distance(a, b) AS list_distance(a::DOUBLE[], b::DOUBLE[])',
  'inner_product(a, b) AS list_inner_product(a::DOUBLE[], b::DOUBLE[])',
  `l1_distance(a, b) AS ${pairs('abs(pair[1] - pair[2])')}::DOUBLE`,
  `hamming_distance(a, b) AS ${pairs('CASE WHEN pair[1] = pair[2] THEN 0 ELSE 1 END')}::DOUBLE`,
  `tensor_slice(a, slice) AS CAST(error('${NATIVE_ONLY}') AS DOUBLE[])`,
]
  .map((macro) => `CREATE OR REPLACE MACRO ${macro}`)
  .join('; ')
