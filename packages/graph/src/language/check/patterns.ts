import type { LabelExpression, NodePattern, PathPattern, RelationshipPattern } from '../syntax.ts'
import { refuseAggregates } from './aggregation.ts'
import type { ExpressionChecker } from './expressions.ts'
import { type CheckContext, checkError, type Scope } from './scope.ts'
import { listOf, mayBe, NODE, PATH, RELATIONSHIP, type StaticType } from './static-type.ts'

/** Checks the patterns of one MATCH against a scope; gives the scope with what they bind. */
export function checkMatchPatterns(
  context: CheckContext,
  expressions: ExpressionChecker,
  patterns: readonly PathPattern[],
  outer: Scope,
): Scope {
  const scope = new Map(outer)
  const relationships = new Set<string>()
  for (const pattern of patterns) bindPath(context, pattern, scope, outer, relationships)
  for (const pattern of patterns) checkProperties(context, expressions, pattern, scope)
  return scope
}

function bindPath(
  context: CheckContext,
  pattern: PathPattern,
  scope: Map<string, StaticType>,
  outer: Scope,
  relationships: Set<string>,
): void {
  for (const element of pattern.elements) {
    if (element.kind === 'node') bindNode(context, element, scope)
    else if (element.kind === 'relationship') bindRelationship(context, element, scope, relationships)
    else bindGroup(context, element.pattern, scope, outer)
  }
  const { variable } = pattern
  if (variable === null) return
  if (scope.has(variable.name)) throw alreadyBound(context, variable)
  scope.set(variable.name, PATH)
}

function bindNode(context: CheckContext, node: NodePattern, scope: Map<string, StaticType>): void {
  if (node.variable === null) return
  const known = scope.get(node.variable.name)
  if (known !== undefined && !mayBe(known, 'node')) throw typeConflict(context, node.variable, known, 'node')
  scope.set(node.variable.name, NODE)
}

function bindRelationship(
  context: CheckContext,
  relationship: RelationshipPattern,
  scope: Map<string, StaticType>,
  seen: Set<string>,
): void {
  const { variable, range } = relationship
  if (variable === null) return
  const known = scope.get(variable.name)
  const type = range === null ? RELATIONSHIP : listOf(RELATIONSHIP)
  if (known !== undefined) {
    const fits = range === null ? mayBe(known, 'relationship') : isRelationshipList(known)
    if (!fits)
      throw typeConflict(context, variable, known, range === null ? 'relationship' : 'list of relationships')
    if (seen.has(variable.name)) {
      throw checkError(
        context,
        variable,
        'RelationshipUniquenessViolation',
        `A relationship cannot stand twice in one MATCH. Use another variable: ${variable.name}`,
      )
    }
  }
  seen.add(variable.name)
  scope.set(variable.name, type)
}

function isRelationshipList(type: StaticType): boolean {
  return (
    type.kind === 'any' || (type.kind === 'list' && mayBe(type.element ?? { kind: 'any' }, 'relationship'))
  )
}

/** Binds what stands inside a quantified path: outside, each variable is a list. */
function bindGroup(
  context: CheckContext,
  pattern: PathPattern,
  scope: Map<string, StaticType>,
  outer: Scope,
): void {
  const inner = new Map(outer)
  bindPath(context, pattern, inner, outer, new Set())
  for (const [name, type] of inner) {
    if (outer.has(name)) continue
    if (scope.has(name)) throw alreadyBound(context, { ...pattern, name })
    scope.set(name, listOf(type))
  }
}

function checkProperties(
  context: CheckContext,
  expressions: ExpressionChecker,
  pattern: PathPattern,
  scope: Scope,
): void {
  for (const element of pattern.elements) {
    if (element.kind === 'group') {
      const inner = checkMatchPatterns(context, expressions, [element.pattern], new Map())
      if (element.where !== null) expressions.predicate(element.where, new Map([...scope, ...inner]))
      continue
    }
    const { properties } = element
    if (properties !== null) {
      if (properties.kind === 'parameter') {
        throw checkError(
          context,
          properties,
          'InvalidParameterUse',
          'A parameter cannot stand for all properties of a pattern here. Write {key: $parameter.key}.',
        )
      }
      refuseAggregates(context, properties)
      expressions.infer(properties, scope)
    }
    if (element.where !== null) expressions.predicate(element.where, scope)
    const labels = element.kind === 'node' ? element.labels : element.types
    if (labels !== null) checkLabels(context, expressions, labels, scope)
  }
}

/** Checks the expressions in dynamic labels. */
export function checkLabels(
  context: CheckContext,
  expressions: ExpressionChecker,
  labels: LabelExpression,
  scope: Scope,
): void {
  switch (labels.kind) {
    case 'dynamicLabel':
      expressions.infer(labels.expression, scope)
      return
    case 'labelNot':
      checkLabels(context, expressions, labels.operand, scope)
      return
    case 'labelAnd':
    case 'labelOr':
      for (const operand of labels.operands) checkLabels(context, expressions, operand, scope)
      return
    default:
      return
  }
}

/** Checks a pattern that stands as a predicate: it binds nothing new. */
export function checkPatternExpression(
  context: CheckContext,
  expressions: ExpressionChecker,
  pattern: PathPattern,
  scope: Scope,
): void {
  for (const element of pattern.elements) {
    const variable = element.kind === 'group' ? null : element.variable
    if (variable !== null && !scope.has(variable.name)) {
      throw checkError(
        context,
        variable,
        'UndefinedVariable',
        `A pattern that stands as a predicate binds nothing. Bind this variable before: ${variable.name}`,
      )
    }
  }
  checkMatchPatterns(context, expressions, [pattern], scope)
}

/** Checks the patterns of CREATE or the pattern of MERGE; gives the scope with what they bind. */
export function checkCreatePatterns(
  context: CheckContext,
  expressions: ExpressionChecker,
  patterns: readonly PathPattern[],
  outer: Scope,
  clause: 'CREATE' | 'MERGE',
): Scope {
  const scope = new Map(outer)
  for (const pattern of patterns) {
    if (pattern.selector !== null)
      throw checkError(context, pattern, 'UnexpectedSyntax', `${clause} cannot make shortest paths.`)
    for (const element of pattern.elements) {
      if (element.kind === 'node')
        createNode(context, expressions, element, scope, pattern.elements.length === 1, clause)
      else if (element.kind === 'relationship')
        createRelationship(context, expressions, element, scope, clause)
      else throw checkError(context, element, 'UnexpectedSyntax', `${clause} cannot make quantified paths.`)
    }
    if (pattern.variable !== null) {
      if (scope.has(pattern.variable.name)) throw alreadyBound(context, pattern.variable)
      scope.set(pattern.variable.name, PATH)
    }
  }
  return scope
}

function createNode(
  context: CheckContext,
  expressions: ExpressionChecker,
  node: NodePattern,
  scope: Map<string, StaticType>,
  alone: boolean,
  clause: 'CREATE' | 'MERGE',
): void {
  checkCreated(context, expressions, node, scope, clause)
  if (node.labels !== null) checkCreatedLabels(context, node.labels)
  const { variable } = node
  if (variable === null) return
  const known = scope.get(variable.name)
  if (known !== undefined) {
    if (alone || node.labels !== null || node.properties !== null) throw alreadyBound(context, variable)
    if (!mayBe(known, 'node')) throw typeConflict(context, variable, known, 'node')
  }
  scope.set(variable.name, NODE)
}

function checkCreatedLabels(context: CheckContext, labels: LabelExpression): void {
  if (labels.kind === 'label' || labels.kind === 'dynamicLabel') return
  if (labels.kind === 'labelAnd') for (const operand of labels.operands) checkCreatedLabels(context, operand)
  else throw checkError(context, labels, 'UnexpectedSyntax', 'A created node has plain labels. Write :A:B')
}

function createRelationship(
  context: CheckContext,
  expressions: ExpressionChecker,
  relationship: RelationshipPattern,
  scope: Map<string, StaticType>,
  clause: 'CREATE' | 'MERGE',
): void {
  const { types, range, direction, variable } = relationship
  if (variable !== null && scope.has(variable.name)) throw alreadyBound(context, variable)
  checkCreated(context, expressions, relationship, scope, clause)
  if (types === null || (types.kind !== 'label' && types.kind !== 'dynamicLabel')) {
    throw checkError(
      context,
      relationship,
      'NoSingleRelationshipType',
      'A created relationship has exactly one type. Write -[:TYPE]->',
    )
  }
  if (range !== null) {
    throw checkError(
      context,
      relationship,
      'CreatingVarLength',
      'A created relationship cannot have a variable length. Leave out the *.',
    )
  }
  if (clause === 'CREATE' && direction === 'both') {
    throw checkError(
      context,
      relationship,
      'RequiresDirectedRelationship',
      'A created relationship has a direction. Write -[:TYPE]-> or <-[:TYPE]-',
    )
  }
  if (variable !== null) scope.set(variable.name, RELATIONSHIP)
}

function checkCreated(
  context: CheckContext,
  expressions: ExpressionChecker,
  element: NodePattern | RelationshipPattern,
  scope: Scope,
  clause: 'CREATE' | 'MERGE',
): void {
  const { properties } = element
  if (element.where !== null)
    throw checkError(context, element.where, 'UnexpectedSyntax', `${clause} has no WHERE inside a pattern.`)
  if (properties === null) return
  if (clause === 'MERGE' && properties.kind === 'parameter') {
    throw checkError(
      context,
      properties,
      'InvalidParameterUse',
      'A parameter cannot stand for all properties in MERGE. Write {key: $parameter.key}.',
    )
  }
  refuseAggregates(context, properties)
  expressions.infer(properties, scope)
}

function alreadyBound(
  context: CheckContext,
  variable: { readonly name: string; readonly start: number; readonly end: number },
): Error {
  return checkError(
    context,
    variable,
    'VariableAlreadyBound',
    `A variable is bound already and cannot be bound again here. Use another name: ${variable.name}`,
  )
}

function typeConflict(
  context: CheckContext,
  variable: { readonly name: string; readonly start: number; readonly end: number },
  known: StaticType,
  wanted: string,
): Error {
  return checkError(
    context,
    variable,
    'VariableTypeConflict',
    `A variable is a ${known.kind} and cannot stand for a ${wanted}. Use another name: ${variable.name}`,
  )
}
