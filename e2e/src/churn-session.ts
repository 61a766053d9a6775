import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { ACK, CLOSE, ERROR, frame, PING, PONG, REQUEST, RESPONSE, SYN, SYN_ACK, type SynAckBody } from './v2-client.ts'

/** Where a session connects to, and what all of them have met. */
export interface ChurnPlace {
  tcpPort: number
  /** Address of /ws. */
  websocket: string
  counts: ChurnCounts
}

export class ChurnCounts {
  /** Handshakes that began a session, and that resumed one. */
  opened = 0
  resumed = 0
  /** Sessions whose time had passed before they came back. */
  lost = 0
  answered = 0
  /** Attempts to connect that were turned away or cut, and made again. */
  turnedAway = 0
}

/** Of 127.0.0.0/8: an address has 28,000 ports, and those of closed connections are not free at once. */
const SOURCES = 8
/** One session in so many comes over WebSocket. */
const WEBSOCKETS = 8
/** Longest wait before it tries to connect again, ms: short, as clients without back-off have it. */
const RETRY_MS = 500
/** How long it tries to connect, and waits for its answers, ms: beyond what the accept rate makes all of them wait. */
const PATIENCE_MS = 60_000
const ECHO = 1
const HEADER = 20

/** Bytes out, an end in order, an end by reset. */
interface Wire {
  write(bytes: Buffer): void
  end(): void
  cut(): void
}

interface WireEvents {
  ready(): void
  read(chunk: Buffer): void
  ended(): void
}

/** One client of 10,000: a socket, a few numbers, and the requests it has no answer to yet. */
export class ChurnSession {
  readonly #place: ChurnPlace
  readonly #number: number
  #wire: Wire | undefined
  #held: Buffer = Buffer.alloc(0)
  #identity: { session: string; resumeToken: string } | undefined
  #lastMsgId = 0
  #lastSeq = 0
  readonly #unanswered = new Map<number, Buffer>()
  #welcome: PromiseWithResolvers<SynAckBody> | undefined
  #settled: PromiseWithResolvers<void> | undefined

  constructor(place: ChurnPlace, number: number) {
    this.#place = place
    this.#number = number
  }

  /** Connects, again and again where it is turned away, and resumes its session if it has one. */
  async open(): Promise<void> {
    const { counts } = this.#place
    const giveUp = Date.now() + PATIENCE_MS
    for (;;) {
      try {
        this.#welcomed(await this.#attempt())
        return
      } catch (error) {
        if (Date.now() > giveUp) throw new Error(`no session after ${PATIENCE_MS} ms`, { cause: error })
        counts.turnedAway++
        this.cut()
        await pass(Math.random() * RETRY_MS)
      }
    }
  }

  #attempt(): Promise<SynAckBody> {
    this.#welcome = Promise.withResolvers()
    this.#held = Buffer.alloc(0)
    this.#wire = this.#connect(() => this.#wire?.write(this.#syn()))
    return this.#welcome.promise
  }

  #syn(): Buffer {
    const resume = this.#identity === undefined ? {} : { ...this.#identity, lastSeq: this.#lastSeq }
    return frame(SYN, { codec: 1, payload: JSON.stringify({ client: { name: 'churn', version: '0' }, ...resume }) })
  }

  #welcomed({ session, resumeToken, resumed, lastMsgId }: SynAckBody): void {
    const { counts } = this.#place
    if (resumed) counts.resumed++
    else counts.opened++
    if (!resumed && this.#identity !== undefined) {
      counts.lost++
      this.#lastMsgId = 0
      this.#lastSeq = 0
      this.#unanswered.clear()
      this.#settle()
    }
    this.#identity = { session, resumeToken }
    const again = [...this.#unanswered].filter(([msgId]) => msgId > lastMsgId).map(([, bytes]) => bytes)
    this.#wire?.write(Buffer.concat([frame(ACK), ...again]))
  }

  /** Connects and goes away without a handshake. */
  async knock(): Promise<void> {
    const connected = Promise.withResolvers<void>()
    this.#wire = this.#connect(connected.resolve, connected.resolve)
    await connected.promise
    this.cut()
  }

  /** Begins a handshake and does not wait for its end. */
  async halfOpen(): Promise<void> {
    const sent = Promise.withResolvers<void>()
    this.#wire = this.#connect(() => {
      this.#wire?.write(this.#syn())
      setImmediate(sent.resolve)
    }, sent.resolve)
    await sent.promise
    this.cut()
  }

  /** Sends echo requests. */
  ask(count: number): void {
    const frames: Buffer[] = []
    for (let i = 0; i < count; i++) {
      const msgId = ++this.#lastMsgId
      const bytes = frame(REQUEST, { msgId, seq: this.#lastSeq, opcode: ECHO, payload: `session ${this.#number}, message ${msgId}` })
      this.#unanswered.set(msgId, bytes)
      frames.push(bytes)
    }
    this.#wire?.write(Buffer.concat(frames))
  }

  /** Resolves when nothing is unanswered. */
  async answered(): Promise<void> {
    if (this.#unanswered.size === 0) return
    this.#settled ??= Promise.withResolvers()
    const timer = setTimeout(() => this.#settled?.reject(new Error(`${this.#unanswered.size} requests without an answer`)), PATIENCE_MS)
    await this.#settled.promise.finally(() => clearTimeout(timer))
  }

  /** CLOSE, then the end. */
  close(): void {
    this.#wire?.write(frame(CLOSE, { seq: this.#lastSeq, codec: 1, payload: '{"code":"GOING_AWAY","number":4000}' }))
    this.#wire?.end()
    this.#wire = undefined
  }

  /** As when the power fails. */
  cut(): void {
    this.#wire?.cut()
    this.#wire = undefined
  }

  /** What a former connection still has to say is not heard. */
  #connect(ready: () => void, failed: () => void = () => {}): Wire {
    const heard =
      <Args extends unknown[]>(listener: (...args: Args) => void) =>
      (...args: Args): void => {
        if (this.#wire === wire) listener(...args)
      }
    const events: WireEvents = {
      ready: heard(ready),
      read: heard(chunk => this.#read(chunk)),
      ended: heard(() => {
        this.#wire = undefined
        this.#welcome?.reject(new Error('the connection ended before its handshake'))
        failed()
      }),
    }
    const localAddress = `127.0.0.${2 + (this.#number % SOURCES)}`
    const wire =
      this.#number % WEBSOCKETS === 0
        ? overWebSocket(new WebSocket(this.#place.websocket, 'causeway.v2', { localAddress }), events)
        : overTcp(connect({ port: this.#place.tcpPort, host: '127.0.0.1', localAddress, noDelay: true }), events)
    return wire
  }

  #read(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    while (this.#held.length >= HEADER) {
      const end = HEADER + this.#held.readUInt32BE(16)
      if (this.#held.length < end) return
      this.#frame(this.#held.subarray(0, end))
      this.#held = this.#held.subarray(end)
    }
  }

  #frame(bytes: Buffer): void {
    const type = bytes[3]
    if (type === SYN_ACK) this.#welcome?.resolve(JSON.parse(bytes.subarray(HEADER).toString('utf8')) as SynAckBody)
    else if (type === CLOSE) this.#welcome?.reject(new Error(bytes.subarray(HEADER).toString('utf8')))
    else if (type === PING) this.#wire?.write(frame(PONG))
    else if (type === RESPONSE || type === ERROR) this.#answer(bytes.readUInt32BE(8), bytes.readUInt32BE(12))
  }

  #answer(msgId: number, seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq)
    if (this.#unanswered.delete(msgId)) this.#place.counts.answered++
    if (this.#unanswered.size === 0) this.#settle()
  }

  #settle(): void {
    this.#settled?.resolve()
    this.#settled = undefined
  }
}

function overTcp(socket: Socket, { ready, read, ended }: WireEvents): Wire {
  socket
    .on('connect', ready)
    .on('data', read)
    .on('error', () => {})
    .on('close', ended)
  return {
    write: bytes => void socket.write(bytes),
    end: () => void socket.end(),
    cut: () => void socket.resetAndDestroy(),
  }
}

function overWebSocket(socket: WebSocket, { ready, read, ended }: WireEvents): Wire {
  socket
    .on('open', ready)
    .on('message', read)
    .on('error', () => {})
    .on('close', ended)
  return {
    write: bytes => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes)
    },
    end: () => socket.close(),
    cut: () => socket.terminate(),
  }
}

const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
