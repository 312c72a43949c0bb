/** Names the operator that runs its input once and gives the rows to each place in a plan where it stands. */
export const SHARE = 'graph.share'

/** Tells shared parts apart. Parts of one key and equal parameters are the same part, whatever their column ids. */
export type ShareSettings = { readonly key: number }
