const pairs = (term: string): string => `list_sum([${term} for pair in list_zip(a::DOUBLE[], b::DOUBLE[])])`

/** Defines a function that only the native engine computes: DuckDB learns its type, and tells who it is that runs it. */
function nativeOnly(name: string, type: 'DOUBLE' | 'DOUBLE[]' | 'JSON', counts: readonly number[]): string {
  const message = `${name} is computed by the native engine alone. Move it into a simpler query.`
  const overloads = counts.map((count) => {
    const parameters = Array.from({ length: count }, (_, at) => `a${at}`).join(', ')
    return `(${parameters}) AS CAST(error('${message}') AS ${type})`
  })
  return `${name}${overloads.join(', ')}`
}

const REDUCTIONS = ['sum', 'mean', 'prod', 'min', 'max', 'argmin', 'argmax', 'var', 'std', 'norm']

/**
 * Defines in DuckDB the functions over vectors and documents that models offer to all languages, so that it knows their types and runs
 * what the native engine does not.
 */
export const VECTOR_MACROS: string = [
  'cosine_distance(a, b) AS list_cosine_distance(a::DOUBLE[], b::DOUBLE[])',
  'l2_distance(a, b) AS list_distance(a::DOUBLE[], b::DOUBLE[])',
  'inner_product(a, b) AS list_inner_product(a::DOUBLE[], b::DOUBLE[])',
  `l1_distance(a, b) AS ${pairs('abs(pair[1] - pair[2])')}::DOUBLE`,
  `hamming_distance(a, b) AS ${pairs('CASE WHEN pair[1] = pair[2] THEN 0 ELSE 1 END')}::DOUBLE`,
  'cosine_similarity(a, b) AS list_cosine_similarity(a::DOUBLE[], b::DOUBLE[])',
  nativeOnly('jaccard_distance', 'DOUBLE', [2]),
  nativeOnly('tensor_slice', 'DOUBLE[]', [2, 3]),
  nativeOnly('tensor_evaluate', 'DOUBLE[]', [1, 2, 3, 4, 5, 6]),
  nativeOnly('tensor_topk', 'DOUBLE[]', [2]),
  nativeOnly('jsonpath', 'JSON', [2]),
  ...REDUCTIONS.map((name) => nativeOnly(`tensor_${name}`, 'DOUBLE', [1])),
  ...['softmax', 'normalize'].map((name) => nativeOnly(`tensor_${name}`, 'DOUBLE[]', [1])),
  ...['add', 'subtract', 'multiply', 'divide'].map((name) => nativeOnly(`tensor_${name}`, 'DOUBLE[]', [2])),
]
  .map((macro) => `CREATE OR REPLACE MACRO ${macro}`)
  .join('; ')
