// Loaded into a process by --import: sent SIGUSR2, it collects its garbage and gives memory back, so that what is measured is what it holds.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: object) => void
// as where memory has run out: otherwise V8 keeps the pages of a storm for the next one
process.on('SIGUSR2', () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }))
