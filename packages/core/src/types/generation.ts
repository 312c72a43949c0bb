let generationAllowed: boolean | undefined

/** Tells whether this host allows code generation. */
export function canGenerate(): boolean {
  if (generationAllowed === undefined) {
    try {
      generationAllowed = new Function('return true')() as boolean
    } catch (error) {
      if (!(error instanceof EvalError)) throw error
      generationAllowed = false
    }
  }
  return generationAllowed
}
