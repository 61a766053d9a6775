import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { encodeError, encodeFrame, type Frame, FrameDecoder, FrameType, problem } from '@causeway/protocol'
import { GeneratorConnection } from './generator-connection.ts'

type Answer = (request: Frame, seq: number) => Uint8Array | undefined
const echo: Answer = ({ msgId, payload }, seq) => encodeFrame({ type: FrameType.RESPONSE, msgId, seq, payload })

/** A server of version 2 that answers as it is told; everything it reads is in `requests`, a list for each read. */
async function toyServer(t: TestContext, answer: Answer) {
  const reads: Frame[][] = []
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    const decoder = new FrameDecoder()
    let seq = 0
    socket.on('data', chunk => {
      const frames: Frame[] = []
      decoder.push(chunk, frames)
      if (frames[0]?.type === FrameType.SYN) socket.write(encodeFrame({ type: FrameType.SYN_ACK, payload: '{}' }))
      const requests = frames.filter(frame => frame.type === FrameType.REQUEST)
      if (requests.length > 0) reads.push(requests)
      for (const request of requests) {
        const bytes = answer(request, ++seq)
        if (bytes !== undefined) socket.write(bytes)
      }
    })
    socket.on('error', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, reads }
}

/** Runs a connection until it has so many answers. */
async function generate(
  t: TestContext,
  answers: number,
  answer: Answer = echo,
  { depth = 4, everyMs, writesEach }: { depth?: number; everyMs?: number; writesEach?: boolean } = {},
) {
  const { port, reads } = await toyServer(t, answer)
  const seen = { answered: 0, gaps: 0, wrongLengths: 0, codes: [] as string[] }
  const enough = Promise.withResolvers<void>()
  const observer = {
    answered: () => {
      if (++seen.answered === answers) enough.resolve()
    },
    gap: () => void seen.gaps++,
    wrongLength: () => void seen.wrongLengths++,
    failed: (code: string) => {
      seen.codes.push(code)
      // where nothing is ever answered
      if (seen.answered === 0) enough.resolve()
    },
  }
  const connection = new GeneratorConnection({ port, depth, everyMs, writesEach, size: 50, opcode: 1, observer })
  await connection.opened
  connection.start()
  await enough.promise
  connection.close()
  return { seen, reads }
}

describe('a generator connection', () => {
  test('keeps its depth outstanding, numbers its requests and acknowledges what it took', async t => {
    const { seen, reads } = await generate(t, 40)
    const [first, ...later] = reads
    assert.deepEqual(
      first.map(({ msgId, seq, opcode, payload }) => [msgId, seq, opcode, payload.length]),
      [
        [1, 0, 1, 50],
        [2, 0, 1, 50],
        [3, 0, 1, 50],
        [4, 0, 1, 50],
      ],
    )
    const all = [first, ...later].flat()
    assert.deepEqual(
      all.map(({ msgId }) => msgId),
      all.map((_, index) => index + 1),
    )
    for (const { msgId, seq } of all) assert.ok(msgId - seq <= 4 && msgId - seq >= 1, `request ${msgId} acknowledges ${seq}`)
    assert.deepEqual([seen.gaps, seen.wrongLengths, seen.codes], [0, 0, []])
  })

  test('sends the same requests where each has a write of its own', async t => {
    const { seen, reads } = await generate(t, 40, echo, { writesEach: true })
    const all = reads.flat()
    assert.deepEqual(
      all.map(({ msgId, payload }) => [msgId, payload.length]),
      all.map((_, index) => [index + 1, 50]),
    )
    assert.deepEqual([seen.gaps, seen.wrongLengths, seen.codes], [0, 0, []])
  })

  test('finds a gap in the numbers of its deliveries', async t => {
    const { seen } = await generate(t, 8, (request, seq) => echo(request, seq < 5 ? seq : seq + 1))
    assert.equal(seen.gaps, 1)
  })

  test('finds an echo of a wrong length', async t => {
    const { seen } = await generate(t, 8, (request, seq) =>
      echo(seq === 3 ? { ...request, payload: request.payload.subarray(1) } : request, seq),
    )
    assert.equal(seen.wrongLengths, 1)
  })

  test('goes on after a message that failed', async t => {
    const { seen, reads } = await generate(
      t,
      8,
      (request, seq) =>
        seq === 2
          ? encodeFrame({ type: FrameType.ERROR, msgId: request.msgId, seq, payload: JSON.stringify(problem('DEAD_LETTERED')) })
          : echo(request, seq),
      { depth: 1 },
    )
    assert.deepEqual([seen.codes, seen.gaps], [['DEAD_LETTERED'], 0])
    assert.ok(reads.length > 2)
  })

  test('at a pace of its own sends on, whatever is answered', async t => {
    const { reads } = await generate(t, 1, (request, seq) => (seq < 5 ? undefined : echo(request, 1)), { everyMs: 1 })
    assert.deepEqual(
      reads
        .flat()
        .slice(0, 5)
        .map(({ msgId }) => msgId),
      [1, 2, 3, 4, 5],
    )
  })

  test('answers a PING with its bytes, and counts it where heartbeats are what is measured', async t => {
    const pong = Promise.withResolvers<Frame>()
    const server = createServer(socket => {
      const decoder = new FrameDecoder()
      socket.on('data', chunk => {
        const frames: Frame[] = []
        decoder.push(chunk, frames)
        for (const frame of frames) {
          if (frame.type === FrameType.SYN) {
            socket.write(encodeFrame({ type: FrameType.SYN_ACK, payload: '{}' }))
            socket.write(encodeFrame({ type: FrameType.PING, payload: Buffer.from('beat') }))
          } else if (frame.type !== FrameType.ACK && frame.type !== FrameType.CLOSE) pong.resolve(frame)
        }
      })
      socket.on('error', () => socket.destroy())
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    let beats = 0
    const observer = { answered: () => beats++, gap() {}, wrongLength() {}, failed: (code: string) => assert.fail(code) }
    const { port } = server.address() as AddressInfo
    const connection = new GeneratorConnection({ port, depth: 0, size: 50, opcode: 1, heartbeats: true, observer })
    await connection.opened
    connection.start()
    const { type, payload } = await pong.promise
    connection.close()
    assert.deepEqual([type, Buffer.from(payload).toString(), beats], [FrameType.PONG, 'beat', 1])
  })

  test('tells errors by their code', async t => {
    const { seen } = await generate(t, 8, ({ msgId }) => encodeError(problem('NO_ROUTE'), { msgId }))
    assert.equal(seen.codes[0], 'NO_ROUTE')
  })
})
