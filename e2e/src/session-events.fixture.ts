import { appendFileSync } from 'node:fs'
import { type Context, event, message, type SessionEvent, service } from '@causeway/consumers'

const { CAUSEWAY_TEST_SERVICE: name, CAUSEWAY_TEST_PART: part, CAUSEWAY_DEMO_JOURNAL: journal } = process.env

/** Sessions whose first events fail, by the principal: `poison` always, `flaky` twice. */
async function note(told: SessionEvent, ctx: Context): Promise<void> {
  const line = {
    event: told.event,
    session: told.session,
    epoch: told.epoch,
    reason: told.reason,
    key: ctx.key,
    attempt: ctx.attempt,
    by: process.pid,
  }
  // at once: nothing of it may be lost with the process
  appendFileSync(journal!, `${JSON.stringify(line)}\n`)
  if (told.event === 'session.resumed' && ctx.attempt <= 2) throw new Error('not yet')
}

const options = { retry: { attempts: 4, min: '20ms', jitter: 0 } } as const

const watch = service(`watch-${name}`, [
  event('session.opened', options).handle(async (told, ctx) => {
    await note(told, ctx)
    await ctx.push(ctx.session, { welcome: await ctx.request('greet', told.epoch) })
  }),
  event('session.resumed', options).handle(note),
  event('session.closed', options).handle(note),
])
const greet = service(`greet-${name}`, [message('greet').handle(epoch => `epoch ${epoch}`), message('greet.echo').handle(input => input)])
const broken = service(`broken-${name}`, [
  event('session.opened', { retry: { attempts: 2, min: '10ms' } }).handle(() => {
    if (process.env.CAUSEWAY_TEST_MENDED !== 'yes') throw new Error('broken')
  }),
  message('mend').handle(() => {
    process.env.CAUSEWAY_TEST_MENDED = 'yes'
  }),
])

export default [watch, greet, broken].filter(each => part === undefined || part.split(',').some(wanted => each.name.startsWith(wanted)))
