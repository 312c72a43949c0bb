import { type FunctionDefinition, isSheafError, SheafError, types, type Value } from '@sheafdb/core'
import { arrayOf } from '../values.ts'
import { cypherEquals } from './compare.ts'
import { custom } from './define.ts'

/** Describes an input or output of a procedure; `type` as openCypher writes it: `STRING?`, `INTEGER`. */
export type ProcedureField = {
  readonly name: string
  readonly type: string
  /** Whether an input may be left out, together with all after it. */
  readonly optional?: boolean
}

/** Is a procedure that `CALL` runs: a table whose input columns must equal the arguments, or a function giving rows. */
export type Procedure = {
  readonly inputs: readonly ProcedureField[]
  readonly outputs: readonly ProcedureField[]
  readonly rows?: readonly Readonly<Record<string, Value>>[]
  /** Names the algorithm that runs over the graph in place of rows or a function. */
  readonly algorithm?: string
  readonly call?: (...args: Value[]) => Iterable<Readonly<Record<string, Value>>>
}

function runProcedure(procedure: Procedure, args: readonly Value[]): Value {
  if (procedure.call !== undefined) return callProcedure(procedure.call, args)
  return (procedure.rows ?? []).filter((row) =>
    procedure.inputs.every(({ name }, at) => {
      const [wanted, given] = [row[name] ?? null, args[at] ?? null]
      return wanted === null ? given === null : cypherEquals(wanted, given) === true
    }),
  )
}

function callProcedure(call: NonNullable<Procedure['call']>, args: readonly Value[]): Value {
  try {
    return [...call(...args)]
  } catch (cause) {
    if (isSheafError(cause)) throw cause
    throw new SheafError(
      'VALUE',
      `A procedure failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        phase: 'runtime',
        detail: 'ProcedureError',
      },
    )
  }
}

/** Holds the function behind CALL: the rows of a procedure for arguments, as a list of maps. */
export const procedureFunctions: readonly FunctionDefinition[] = [
  {
    ...custom('call_procedure', types.variant, (procedure, args) =>
      runProcedure(procedure as Procedure, arrayOf(args as ArrayLike<Value>)),
    ),
    volatile: true,
  },
]
