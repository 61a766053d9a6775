/** `npm run fuzz -- --target NAME --inputs N`: hostile bytes for a decoder, as many as wanted. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { DIALECTS } from '../dialect/dialects.ts'
import { readTables } from '../reference/tables.ts'
import { fuzz } from './fuzz.ts'
import { heldForEachByte } from './held.ts'
import { targets } from './target.ts'

const HELP = `Feeds a decoder hostile bytes: seeded, mutated, cut at random. Ends with status 1 at the first that breaks a rule, and prints it.

  --target NAME   version2 or a dialect; default: all, one after the other
  --inputs N      inputs for each target; default 100000
  --seed N        decides all inputs; default: drawn, and printed
  --tables FILE   JSON with tables of your own by name, to fuzz beside those that ship
`

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    tables: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else process.exitCode = run()

function run(): number {
  const own = values.tables === undefined ? [] : readTables(readFileSync(values.tables, 'utf8'))
  const known = targets([...Object.values(DIALECTS), ...own])
  const chosen = [...known.values()].filter(({ name }) => values.target === undefined || name === values.target)
  if (chosen.length === 0) {
    console.error(`--target is ${values.target}, expected one of ${[...known.keys()].join(', ')}`)
    return 2
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
  for (const target of chosen) {
    const began = performance.now()
    try {
      const { inputs, bytes, messages, errors } = fuzz(target, Number(values.inputs), seed)
      const seconds = (performance.now() - began) / 1_000
      const held = heldForEachByte(target).toFixed(2)
      const ended = Object.entries(errors).map(([code, count]) => `${code} ${count}`)
      console.log(
        `${target.name}: ${inputs} inputs, ${bytes} bytes, ${messages} messages in ${seconds.toFixed(1)} s, seed ${seed}; ${held} bytes held a byte`,
      )
      console.log(`  ended by: ${ended.join(', ') || 'nothing'}`)
    } catch (error) {
      console.error((error as Error).message)
      return 1
    }
  }
  return 0
}
