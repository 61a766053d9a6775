// New WebSockets, each closed again, with nothing said on them.
import { generate } from '../generate.ts'
import { ConnectLoop } from './connect-loop.ts'
import { bareUpgrade } from './connect-visits.ts'

await generate(async options => new ConnectLoop(options, () => bareUpgrade(options.port)))
