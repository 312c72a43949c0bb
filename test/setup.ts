/**
 * Fixes the seed of property tests, so that a run of the tests draws the same cases each time and a change is judged by
 * what it changes. `SHEAF_SEED=random` draws new ones (for long runs), `SHEAF_SEED=<number>` those of another run.
 */
import * as fc from 'fast-check'

const DEFAULT_SEED = 20_261_120
const wanted = process.env.SHEAF_SEED

if (wanted !== 'random') fc.configureGlobal({ seed: wanted === undefined ? DEFAULT_SEED : Number(wanted) })
