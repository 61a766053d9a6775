// All that `npm run bench:seeds` knows: a new table is a file of its own, and a line here.
import { BUFFERING } from './buffering.ts'
import { COLLECTION } from './collection.ts'
import { COMPARISON, SMALL_COMPARISON } from './comparison.ts'
import { POOLING } from './pooling.ts'
import type { Seed } from './seed.ts'
import { SERIALISATION } from './serialisation.ts'
import { WORKERS } from './workers.ts'

export const SEEDS: readonly Seed[] = [BUFFERING, WORKERS, SERIALISATION, POOLING, COLLECTION, COMPARISON, SMALL_COMPARISON]
