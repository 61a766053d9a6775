// The gateway's side of the way back, a thread of its own: decodes each answer and drops it. Says `listening` once it does; an error ends its process.
import { parentPort, workerData } from 'node:worker_threads'
import { decodeFrame } from '@causeway/protocol'
import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { Redis } from 'ioredis'
import { benchSessions, CHANNEL, GATEWAY, type GatewayPlan, RENEW_MS } from './fan-back-load.ts'

const { way, redisUrl, read } = workerData as GatewayPlan
let unread = 0

/** Told to the worker once a turn. */
function took(frame: Uint8Array): void {
  if (decodeFrame(frame).payload.length === 0) throw new Error('an answer came without its payload')
  if (unread++ > 0) return
  setImmediate(() => {
    Atomics.add(read, 0, unread)
    Atomics.notify(read, 0)
    unread = 0
  })
}

const broken = (what: string): never => {
  throw new Error(`${what}: expected every answer once, in order`)
}

async function listenToScript(): Promise<void> {
  const sessions = await openRedisSessions({ url: redisUrl, logger: silentLogger })
  const seqs = new Map<string, number>()
  await sessions.listen(GATEWAY, {
    deliver(session, seq, frame) {
      if (seq !== (seqs.get(session) ?? 0) + 1) broken(`delivery ${seq} of ${session} follows ${seqs.get(session)}`)
      seqs.set(session, seq)
      took(frame)
    },
    storeChanged: () => broken('the store is another one'),
    replaced: session => broken(`${session} was taken over`),
    // were one missed, the next would tell
    ...{ finished() {}, load() {}, flush() {}, lost() {} },
  })
  const all = benchSessions()
  // the client has acknowledged what it was given, so that outboxes stay short
  setInterval(() => {
    const entries = all.map(({ session, bucket, incarnation }) => {
      const seq = seqs.get(session) ?? 0
      const marks = { acknowledged: seq, storedMark: seq, storedCount: seq, highestSeq: seq, admitted: seq }
      return { session, bucket, incarnation, epoch: 1, ...marks, expiresAt: 0, greeted: true }
    })
    void sessions.renew(entries)
  }, RENEW_MS)
}

/** A message is the session's name, a line's end, and the frame. */
async function listenToChannel(): Promise<void> {
  const subscriber = new Redis(redisUrl)
  subscriber.on('messageBuffer', (_channel: Buffer, message: Buffer) => {
    const end = message.indexOf(0x0a)
    if (end < 1) broken('a message names no session')
    took(message.subarray(end + 1))
  })
  await subscriber.subscribe(CHANNEL)
}

await (way === 'finish' ? listenToScript() : listenToChannel())
parentPort!.postMessage('listening')
