import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytes, message, service } from '@causeway/consumers'

const { CAUSEWAY_TEST_SERVICE: name, CAUSEWAY_TEST_PART: part, CAUSEWAY_DEMO_JOURNAL: journal } = process.env

/** The same routes on both tracks: one tells which it is, one notes its messages in the order in which they are handled. */
const shop = (track: string, version: string) =>
  service(
    `shop-${name}`,
    [
      message('shop.where', { input: bytes }).handle(() => track),
      message('shop.slow').handle(async (n, ctx) => {
        appendFileSync(journal!, `${ctx.session} begins-${n} ${track} 2\n`)
        await sleep(700)
        appendFileSync(journal!, `${ctx.session} ends-${n} ${track} 2\n`)
        return track
      }),
      message('shop.note').handle(async (n, ctx) => {
        appendFileSync(journal!, `${ctx.session} ${n} ${track} ${ctx.attempt}\n`)
        // long enough to be overtaken
        await sleep(Math.random() * 8)
        if ((n as number) % 17 === 3 && ctx.attempt === 1) throw new Error('once more')
        return track
      }),
    ],
    { version, track },
  )

export default [shop('stable', '1'), shop('canary', '2')].filter(each => part === undefined || each.track === part)
