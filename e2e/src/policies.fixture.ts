import { appendFileSync, readFileSync } from 'node:fs'
import { message, OnceUnknown, service } from '@causeway/consumers'

const journal = process.env.CAUSEWAY_DEMO_JOURNAL!
const note = (line: string): void => appendFileSync(journal, `${line}\n`)
const name = process.env.CAUSEWAY_TEST_SERVICE

interface Move {
  account: string
  n: number
}

/** Routes with policies; what they do outside is a line in the journal. */
export default service(`policies-${name}`, [
  message('guess', { order: 'none', retry: { attempts: 1 }, breaker: { failures: 1, openFor: '1h' } })
    .fallback(() => ({ guessed: true }))
    .handle(() => {
      throw new Error('away')
    }),
  message('price', { order: 'none', cache: { key: item => String(item), ttl: '1h', shared: true } }).handle(async item => {
    note(`asked ${item}`)
    await new Promise(resolve => setTimeout(resolve, 50))
    return { item, by: process.pid }
  }),
  message('narrow', { order: 'none', concurrency: 2 }).handle(async () => {
    note('in')
    await new Promise(resolve => setTimeout(resolve, 20))
    note('out')
  }),
  message('move', {
    order: { key: input => (input as Move).account },
    retry: { attempts: 4, min: '200ms', max: '200ms', jitter: 0 },
  }).handle((input, ctx) => {
    const { account, n } = input as Move
    if (account === 'locked' && n === 1 && ctx.attempt < 3) throw new Error('locked')
    note(`moved ${account} ${n}`)
    return { account, n }
  }),
  message('buy', { timeout: '60s', retry: { attempts: 4, min: '10ms', max: '10ms' } }).handle(async (how, ctx) => {
    try {
      const receipt = await ctx.once('charge', async () => {
        note(`charged ${ctx.msgId}`)
        if (how === 'die within') process.kill(process.pid, 'SIGKILL')
        return `receipt ${ctx.msgId}`
      })
      if (how === 'die after' && !readFileSync(journal, 'utf8').includes('died')) {
        note('died')
        process.kill(process.pid, 'SIGKILL')
      }
      if (how === 'fail twice' && ctx.attempt < 3) throw new Error('the mail server is away')
      return receipt
    } catch (error) {
      if (error instanceof OnceUnknown) return 'to be looked at'
      throw error
    }
  }),
])
