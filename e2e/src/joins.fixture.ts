import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { message, service } from '@causeway/consumers'

/** One route, which answers after {ms}; each time it begins a message it adds a line, "session msgId", to the file that CAUSEWAY_DEMO_JOURNAL names. */
export default service(`demo-${process.env.CAUSEWAY_TEST_SERVICE}`, [
  message('joins.work', { opcode: 1 }).handle(async (input, ctx) => {
    const { ms } = input as { ms: number }
    // at once: nothing of it may be lost with the process
    appendFileSync(process.env.CAUSEWAY_DEMO_JOURNAL!, `${ctx.session} ${ctx.msgId}\n`)
    if (ms > 0) await sleep(ms, undefined, { signal: ctx.signal })
    return null
  }),
])
