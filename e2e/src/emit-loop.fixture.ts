import { message, service } from '@causeway/consumers'

const { CAUSEWAY_TEST_SERVICE: name } = process.env

/** Emits to the other, who asks it, which makes it emit again: a circle that no single service sees. */
const ping = service(`ping-${name}`, [
  message('ping.start', { oneWay: true }).handle(async (_input, ctx) => await ctx.emit('pong.take')),
  message('ping.go-on').handle(async (_input, ctx) => await ctx.emit('pong.take')),
])

const pong = service(`pong-${name}`, [
  message('pong.take', { oneWay: true, retry: { attempts: 1 } }).handle(async (_input, ctx) => void (await ctx.request('ping.go-on'))),
])

export default [ping, pong]
