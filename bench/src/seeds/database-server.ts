// A stand-in for a database, as a process of its own: answers each query (its number, u32) with the same after DATABASE_MS. A timer of Node's has
// whole milliseconds; so it sleeps a nap at a time while queries wait.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tellServing } from '../node-part.ts'
import { QUERY_SIZE } from './database.ts'
import { DATABASE_MS, DATABASE_NAP_MS } from './limits.ts'

interface Waiting {
  socket: Socket
  numbers: Buffer
  dueAt: number
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))
/** In the order in which they are due. */
const waiting: Waiting[] = []

function answer(): void {
  const now = performance.now()
  const due = waiting.findIndex(({ dueAt }) => dueAt > now)
  for (const { socket, numbers } of waiting.splice(0, due < 0 ? waiting.length : due)) socket.write(numbers)
  if (waiting.length === 0) return
  Atomics.wait(nobodyWakes, 0, 0, Math.min(DATABASE_NAP_MS, Math.max(0, waiting[0].dueAt - performance.now())))
  setImmediate(answer)
}

const server = createServer({ noDelay: true }, socket => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', chunk => {
    const bytes = Buffer.concat([rest, chunk])
    const whole = bytes.length - (bytes.length % QUERY_SIZE)
    rest = bytes.subarray(whole)
    if (waiting.length === 0) setImmediate(answer)
    waiting.push({ socket, numbers: bytes.subarray(0, whole), dueAt: performance.now() + DATABASE_MS })
  })
  // a worker that was ended takes its socket along
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => tellServing({ port: (server.address() as AddressInfo).port }))
