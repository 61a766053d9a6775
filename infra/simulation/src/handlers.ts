import type { Context, Service } from '@causeway/consumers'
import type { Behaviour, History, Plan } from './history.ts'

/** What a message carries: who it is, and what its handler shall do. */
export interface Body {
  number: number
  behaviour: Behaviour
}

export const ORDERED_ROUTE = 'simulated.ordered'
export const FREE_ROUTE = 'simulated.free'
/** What is emitted goes there. */
export const NOTED_ROUTE = 'simulated.noted'
export const SERVICE = 'simulated'
export const ATTEMPTS = 4

export const bodyOf = ({ number, behaviour }: Plan): Body => ({ number, behaviour })

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The service that a worker runs: its handlers do what messages tell them, and what they do is seen. */
export function simulatedService(
  { message, service, Reject }: typeof import('@causeway/consumers'),
  history: History,
  worker: string,
): Service {
  const handle = async (input: unknown, ctx: Context): Promise<unknown> => {
    const { number, behaviour } = input as Body
    const about = { session: ctx.session, msgId: ctx.msgId, worker, number, attempt: ctx.attempt }
    const see = (outcome: 'answered' | 'failed' | 'rejected') => history.add({ what: 'handled', at: Date.now(), ...about, outcome })
    history.add({ what: 'handling', at: Date.now(), ...about })
    if (behaviour.ms > 0) await sleep(behaviour.ms)
    if (behaviour.kind === 'poison' || (behaviour.kind === 'fail' && ctx.attempt <= behaviour.times)) {
      see('failed')
      throw new Error(`attempt ${ctx.attempt} of message ${number}`)
    }
    if (behaviour.kind === 'reject') {
      see('rejected')
      throw new Reject(`message ${number}`)
    }
    if (behaviour.kind === 'push') await ctx.push(ctx.session, { number, pushed: true })
    if (behaviour.kind === 'keep' && ctx.route === ORDERED_ROUTE) {
      const kept = [...((await ctx.state.get<number[]>('kept')) ?? []), number]
      ctx.state.set('kept', kept)
      await ctx.emit(NOTED_ROUTE, number)
      ctx.shared.set('count', ((await ctx.shared.get<number>('count')) ?? 0) + 1)
      see('answered')
      return { number, kept }
    }
    if (behaviour.kind !== 'stream') {
      see('answered')
      return { number }
    }
    return (async function* () {
      for (let chunk = 0; chunk < behaviour.chunks; chunk++) {
        if (behaviour.ms > 0) await sleep(behaviour.ms)
        yield { number, chunk }
      }
      see('answered')
      yield { number }
    })()
  }
  const note = async (number: unknown, { state }: Context): Promise<void> => {
    state.set('noted', [...((await state.get<unknown[]>('noted')) ?? []), number])
  }
  const retry = { attempts: ATTEMPTS, min: 50, max: 1_000, jitter: 0.5 }
  return service(SERVICE, [
    message(ORDERED_ROUTE, { opcode: 1, timeout: '60s', retry }).handle(handle),
    message(FREE_ROUTE, { opcode: 2, timeout: '60s', order: 'none', retry }).handle(handle),
    message(NOTED_ROUTE, { opcode: 3, oneWay: true, timeout: '60s', retry: { ...retry, attempts: 100 } }).handle(note),
  ])
}
