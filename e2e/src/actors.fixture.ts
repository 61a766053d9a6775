import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { message, service } from '@causeway/consumers'
import { FinishBatcher } from '@causeway/sessions'
import type { Item, Step } from './actor-steps.ts'

const { CAUSEWAY_TEST_SERVICE: name, CAUSEWAY_TEST_PART: part, CAUSEWAY_DEMO_JOURNAL: journal } = process.env

const emitterFile = `${journal}.emitter`

/** At once: who reads it half written would kill process 0, which is its own group. */
function nameEmitter(): void {
  writeFileSync(`${emitterFile}.${process.pid}`, String(process.pid))
  renameSync(`${emitterFile}.${process.pid}`, emitterFile)
}

/** kill -9, once for each item and step. */
function dieAt(step: Step, { n, die }: Item, pid = process.pid): void {
  const marker = `${journal}.died-${n}`
  if (die !== step || existsSync(marker)) return
  writeFileSync(marker, step)
  process.kill(pid, 'SIGKILL')
  if (pid === process.pid) for (;;);
}

/** What the handler of a message that is being finished wants of the steps behind it. */
const finishing = new Map<string, Item>()
const keyOf = (session: string, msgId: number): string => `${session} ${msgId}`

const { add } = FinishBatcher.prototype
FinishBatcher.prototype.add = function (entry, callback) {
  const item = entry.kind === 'final' ? finishing.get(keyOf(entry.session, entry.msgId)) : undefined
  if (item === undefined) {
    add.call(this, entry, callback)
    return
  }
  add.call(this, entry, result => {
    dieAt(entry.session.startsWith('~') ? 'booked' : 'finished', item)
    callback(result)
    setTimeout(() => dieAt('relaying', item), 1)
  })
  dieAt('handed', item)
  setImmediate(() => setImmediate(() => dieAt('sent', item)))
}

const cart = service(`cart-${name}`, [
  message('cart.add').handle(async (input, ctx) => {
    const item = input as Item
    nameEmitter()
    dieAt('begun', item)
    const items = (await ctx.state.get<number[]>('items')) ?? []
    ctx.state.set('items', [...items, item.n])
    await ctx.emit('stock.take', item)
    await ctx.emit({ topic: `shop.${name}` }, item)
    await ctx.push(ctx.session, { added: item.n })
    dieAt('written', item)
    finishing.set(keyOf(ctx.session, ctx.msgId), item)
    return { items: [...items, item.n] }
  }),
  message('cart.count', { order: 'none' }).handle(async (_input, { shared }) => {
    const count = ((await shared.get<number>('count')) ?? 0) + 1
    shared.set('count', count)
    return count
  }),
  message('cart.show').handle(async (_input, ctx) => Object.fromEntries(await ctx.state.all())),
])

const stock = service(`stock-${name}`, [
  message('stock.take', { oneWay: true, retry: { min: '20ms', max: '20ms' } }).handle(async (input, ctx) => {
    const item = input as Item
    // what comes behind it is parked meanwhile, as of any session
    if (item.n % 4 === 0 && ctx.attempt < 3) throw new Error(`attempt ${ctx.attempt} of item ${item.n}`)
    // the log has it, and its emitter may not know yet
    dieAt('relayed', item, Number(readFileSync(emitterFile, 'utf8')))
    dieAt('taking', item)
    const taken = [...((await ctx.state.get<number[]>('taken')) ?? []), item.n]
    ctx.state.set('taken', taken)
    appendFileSync(journal!, `${JSON.stringify({ key: ctx.key, n: item.n, source: ctx.source, taken })}\n`)
    dieAt('taken', item)
    finishing.set(keyOf(ctx.session, ctx.msgId), item)
  }),
])

export default [cart, stock].filter(each => part === undefined || each.name.startsWith(part))
