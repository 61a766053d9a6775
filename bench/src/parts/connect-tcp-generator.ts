// New sessions over TCP, each with a token of its own and closed again.
import { generate } from '../generate.ts'
import { ConnectLoop } from './connect-loop.ts'
import { overTcp } from './connect-visits.ts'

await generate(async options => new ConnectLoop(options, overTcp))
