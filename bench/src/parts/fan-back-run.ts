// Answers from a worker back to a gateway, both sides in one process, a thread each: `node fan-back-run.ts finish 127.0.0.1:6379 PID WARM_UP_MS MEASURE_MS`,
// or `… publish …`, or `… store …`. Prints a PartRun of the answers that the gateway has read.
import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import { Codec, encodeFrame, FrameType } from '@causeway/protocol'
import type { FinishFinal } from '@causeway/sessions'
import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { Redis } from 'ioredis'
import { PAYLOAD_SIZE } from '../shapes.ts'
import { benchSessions, CHANNEL, type GatewayPlan, OUTSTANDING, SESSIONS, TURN } from './fan-back-load.ts'
import { PartClock, tellRun } from './part-run.ts'

/** Answers of each session in a turn. */
const OF_EACH = TURN / SESSIONS
/** Entries that a stream of the simpler way keeps. */
const KEPT = 100

const [way, address, pid, warmUpMs, measureMs] = process.argv.slice(2)
const redisUrl = `redis://${address}`
const all = benchSessions()
const payload = new Uint8Array(PAYLOAD_SIZE).fill(0x61)
const read = new Int32Array(new SharedArrayBuffer(4))
let sent = 0

function answerTo(msgId: number): Buffer {
  const frame = encodeFrame({ type: FrameType.RESPONSE, codec: Codec.BYTES, opcode: 1, msgId, payload })
  return Buffer.from(frame.buffer, frame.byteOffset, frame.length)
}

/** What leaves in a turn: the next answers of each session. Resolves when Redis has them. */
type SendTurn = (firstMsgId: number) => Promise<void>

/** One call of the finish script, and the next when it has returned: as workers do. */
async function byScript(): Promise<SendTurn> {
  const sessions = await openRedisSessions({ url: redisUrl, logger: silentLogger })
  await sessions.open(all)
  return async firstMsgId => {
    const entries: FinishFinal[] = []
    for (let msgId = firstMsgId; msgId < firstMsgId + OF_EACH; msgId++)
      for (const { session, bucket, incarnation } of all)
        entries.push({ kind: 'final', outcome: 'answered', session, bucket, incarnation, msgId, prev: msgId - 1, frame: answerTo(msgId) })
    const results = await sessions.finish(entries)
    const other = results.find(({ status }) => status !== 'done')
    if (other !== undefined) throw new Error(`a finish is ${other.status}, expected done`)
  }
}

/** A PUBLISH for each answer, with `stores` after an XADD of it to its session's stream; those of a turn leave in one pipeline. */
function byPublish(stores: boolean): SendTurn {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true })
  return async firstMsgId => {
    const calls: Promise<unknown>[] = []
    for (let msgId = firstMsgId; msgId < firstMsgId + OF_EACH; msgId++) {
      for (const { session } of all) {
        const frame = answerTo(msgId)
        if (stores) calls.push(redis.xadd(`outbox.${session}`, 'MAXLEN', '~', KEPT, '*', 'f', frame))
        calls.push(redis.publish(CHANNEL, Buffer.concat([Buffer.from(`${session}\n`), frame])))
      }
    }
    await Promise.all(calls)
  }
}

/** Resolves when another turn may be under way; the gateway's side may fall behind no further. */
async function untilRoom(): Promise<void> {
  for (;;) {
    const soFar = Atomics.load(read, 0)
    if (((sent - soFar) | 0) <= OUTSTANDING - TURN) return
    await Atomics.waitAsync(read, 0, soFar).value
  }
}

async function sendFor(ms: number, send: SendTurn): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; sent += TURN) {
    await untilRoom()
    await send((sent / TURN) * OF_EACH + 1)
  }
}

/** Runs before this one leave nothing. */
async function forgetRuns(): Promise<void> {
  const redis = new Redis(redisUrl)
  await redis.flushall()
  redis.disconnect()
}

await forgetRuns()
const workerData = { way, redisUrl, read } as GatewayPlan
const send = way === 'finish' ? await byScript() : byPublish(way === 'store')
const gateway = new Thread(new URL('./fan-back-gateway.ts', import.meta.url), { workerData })
await once(gateway, 'message')
await sendFor(Number(warmUpMs), send)
const before = Atomics.load(read, 0)
const clock = new PartClock('both sides', { Redis: Number(pid) })
await sendFor(Number(measureMs), send)
tellRun(clock.over((Atomics.load(read, 0) - before) | 0))
process.exit()
