// `npm run bench:dispatch`: throughput and latency by places and workers and by handler time, beside the ideal; even and uneven keys.
import { DISPATCH_STUDIES } from './capacity/load-studies.ts'
import { studyCommand } from './capacity/study-command.ts'
import { causewayOn } from './causeway.ts'
import { Dispatch } from './dispatch.ts'
import { waitingRoute } from './waiting.ts'

const served = { module: new URL('./waiting.ts', import.meta.url).pathname, request: { route: waitingRoute(1), payload64: 'AAA=' } }

await studyCommand(
  {
    name: 'bench:dispatch',
    what: 'Measures how messages are spread over places and workers whose handlers wait.',
    studies: DISPATCH_STUDIES,
    ...{ rounds: 3, seconds: 2 },
    numbers: {},
  },
  async ({ rounds, seconds }, parts) => {
    const system = parts.use(await causewayOn({ client: 'kafkajs', aof: 'everysec', served }).start())
    return new Dispatch(system, rounds, seconds).measurings()
  },
)
