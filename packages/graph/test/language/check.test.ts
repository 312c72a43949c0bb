import { isSheafError } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { check } from '../../src/language/check.ts'
import { parse } from '../../src/language/parser.ts'

function detailOf(text: string): string | undefined {
  try {
    check(parse(text))
    return undefined
  } catch (error) {
    if (!isSheafError(error)) throw error
    expect(error.phase).toBe('compile time')
    expect(error.position).toBeDefined()
    return error.detail
  }
}

describe('check', () => {
  it.each([
    ['RETURN missing', 'UndefinedVariable'],
    ['MATCH (n) WITH n.x AS x RETURN n', 'UndefinedVariable'],
    ['MATCH (r) MATCH ()-[r]-() RETURN r', 'VariableTypeConflict'],
    ['MATCH (p) MATCH p = ()--() RETURN p', 'VariableAlreadyBound'],
    ['MATCH (a) CREATE (a:B)', 'VariableAlreadyBound'],
    ['MATCH ()-[r]->()-[r]->() RETURN r', 'RelationshipUniquenessViolation'],
    ['RETURN 1 AND true', 'InvalidArgumentType'],
    ['MATCH (n) RETURN type(n)', 'InvalidArgumentType'],
    ['MATCH (n) RETURN (n)-->()', 'UnexpectedSyntax'],
    ['MATCH (n) WHERE count(n) > 1 RETURN n', 'InvalidAggregation'],
    ['RETURN count(count(*))', 'NestedAggregation'],
    ['RETURN count(rand())', 'NonConstantExpression'],
    ['MATCH (a) RETURN a.x + count(*)', 'AmbiguousAggregationExpression'],
    ['MATCH (n) WITH n.x RETURN 1', 'NoExpressionAlias'],
    ['RETURN 1 AS a, 2 AS a', 'ColumnNameConflict'],
    ['MATCH () RETURN *', 'NoVariablesInScope'],
    ['CREATE ()-[:A|B]->()', 'NoSingleRelationshipType'],
    ['CREATE ()-[:A]-()', 'RequiresDirectedRelationship'],
    ['CREATE ()-[:A*2]->()', 'CreatingVarLength'],
    ['MATCH (n) RETURN n LIMIT -1', 'NegativeIntegerArgument'],
    ['MATCH (n) RETURN n SKIP n.x', 'NonConstantExpression'],
    ['RETURN 1 AS a UNION RETURN 1 AS b', 'DifferentColumnsInUnion'],
    ['RETURN 1 AS a UNION RETURN 1 AS a UNION ALL RETURN 1 AS a', 'InvalidClauseComposition'],
    ['MATCH (n)', 'InvalidClauseComposition'],
    ['MATCH (n) DELETE n:A', 'InvalidDelete'],
    ['MATCH (n $p) RETURN n', 'InvalidParameterUse'],
    ['RETURN nothing(1)', 'UnknownFunction'],
    ['RETURN size()', 'InvalidNumberOfArguments'],
    ['CALL no.such.thing()', 'ProcedureNotFound'],
  ])('refuses %s', (text, detail) => {
    expect(detailOf(text)).toBe(detail)
  })

  it.each([
    'MATCH (a)-[r]->(b) WITH a, count(r) AS c ORDER BY c DESC WHERE c > 1 RETURN a.name, c',
    'MATCH (a) RETURN a.x, a.x + count(*) AS y',
    'MATCH (a) RETURN a.x AS x ORDER BY a.y',
    'MATCH (a) WHERE (a)-->() AND NOT exists(a.x) RETURN a',
    'UNWIND [1, 2] AS x WITH x WHERE x > 1 RETURN *',
    'MATCH (a) CALL { WITH a MATCH (a)-->(b) RETURN count(b) AS c } RETURN a, c',
  ])('accepts %s', (text) => {
    expect(detailOf(text)).toBeUndefined()
  })
})
