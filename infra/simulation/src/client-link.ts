import { encodeFrame, type Frame, FrameDecoder, FrameType } from '@causeway/protocol'
import type { EventLoop, SimulatedProcess } from './event-loop.ts'
import type { End, Network } from './network.ts'

/** A client gives a connection up that says nothing for so long, ms. */
const SILENCE_MS = 8_000
export const PING_MS = 2_000
/** Waits before another connection, ms. */
const RECONNECT_LEAST_MS = 5
const RECONNECT_MOST_MS = 800
const TICK_MS = 250

export interface LinkOptions {
  loop: EventLoop
  network: Network
  process: SimulatedProcess
  /** Ports of the gateways that listen just now. */
  ports: () => readonly number[]
  /** The first frame of each connection. */
  syn: () => Uint8Array
  /** A frame of the present connection. */
  received: (frame: Frame) => void
  /** The gateway sent bytes that are no frame. */
  malformed: (detail: string) => void
  /** Called every 250 ms. */
  tick: () => void
}

/** A client's connection, and the next one when it ends: to whatever gateway listens. What still comes on an older one is ignored. */
export class ClientLink {
  readonly #options: LinkOptions
  #end: End | undefined
  /** The handshake has ended. */
  open = false
  #heardAt = 0
  #pingedAt = 0

  constructor(options: LinkOptions) {
    this.#options = options
  }

  start(): void {
    this.connect()
    this.#tick()
  }

  get end(): End | undefined {
    return this.#end
  }

  after(ms: number, action: () => void): void {
    this.#options.loop.after(ms, this.#options.process, action)
  }

  write(bytes: Uint8Array): void {
    this.#end?.write(bytes)
  }

  connect(): void {
    const { loop, network, process, ports, syn } = this.#options
    const listening = ports()
    this.open = false
    if (listening.length === 0) {
      this.#end = undefined
      this.#reconnectLater()
      return
    }
    const decoder = new FrameDecoder()
    const end: End = loop.within(process, () =>
      network.connect(loop.random.pick(listening), {
        data: bytes => this.#received(end, decoder, bytes),
        ended: () => end.destroy(),
        closed: () => this.#closed(end),
        drained: () => undefined,
      }),
    )
    this.#end = end
    this.#heardAt = loop.now
    end.write(syn())
  }

  #closed(end: End): void {
    if (end !== this.#end) return
    this.#end = undefined
    this.open = false
    this.#reconnectLater()
  }

  #reconnectLater(): void {
    this.after(this.#options.loop.random.skewed(RECONNECT_LEAST_MS, RECONNECT_MOST_MS), () => {
      if (this.#end === undefined) this.connect()
    })
  }

  #tick(): void {
    const { loop, tick } = this.#options
    this.after(TICK_MS, () => {
      const silent = loop.now - this.#heardAt
      if (this.#end !== undefined && silent > SILENCE_MS) this.#end.destroy()
      else if (this.open && silent > PING_MS && loop.now - this.#pingedAt > PING_MS) {
        this.#pingedAt = loop.now
        this.write(encodeFrame({ type: FrameType.PING }))
      }
      tick()
      this.#tick()
    })
  }

  #received(end: End, decoder: FrameDecoder, bytes: Buffer): void {
    if (end !== this.#end) return
    this.#heardAt = this.#options.loop.now
    const frames: Frame[] = []
    const failure = decoder.push(bytes, frames)
    if (failure !== undefined) this.#options.malformed(failure.detail)
    for (const frame of frames) if (end === this.#end) this.#options.received(frame)
  }
}
