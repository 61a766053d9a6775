import type { EventLoop, SimulatedProcess } from './event-loop.ts'

/** Times of one way between a client and a gateway, ms; mostly near the first. */
const LEAST_MS = 0.1
const MOST_MS = 20
/** Chance that bytes written together arrive in pieces. */
const SLICED = 0.2
/** Bytes that the peer's system takes before the writer's own wait. */
const SYSTEM_BYTES = 16_384

/** What one end of a connection hears. */
export interface EndHandlers {
  data(bytes: Buffer): void
  /** The other side writes no more. */
  ended(): void
  closed(): void
  drained(): void
}

/** One end of a connection: bytes out, and what comes in as long as it is read. */
export class End {
  readonly process: SimulatedProcess
  readonly #loop: EventLoop
  handlers: EndHandlers | undefined
  peer!: End
  open = true
  #ended = false
  #paused = false
  /** Bytes written that the peer has not been given. */
  #underway = 0
  #lastArrival = 0
  /** What came while it was not read. */
  #unread: (() => void)[] = []
  /** Nothing it writes arrives any more, and nobody is told. */
  mute = false

  constructor(process: SimulatedProcess, loop: EventLoop) {
    this.process = process
    this.#loop = loop
  }

  get waitingBytes(): number {
    return Math.max(0, this.#underway - SYSTEM_BYTES)
  }

  write(bytes: Uint8Array): void {
    if (!this.open || this.#ended) return
    // what is written may be changed by its owner afterwards
    const sent = Buffer.from(bytes)
    for (let from = 0; from < sent.length; ) {
      const { random } = this.#loop
      const to = random.chance(SLICED) ? random.whole(from + 1, sent.length) : sent.length
      this.#carry(sent.subarray(from, to))
      from = to
    }
  }

  #carry(piece: Buffer): void {
    this.#underway += piece.length
    this.#arrive(() =>
      this.peer.#give(() => {
        const waited = this.waitingBytes > 0
        this.#underway -= piece.length
        this.peer.handlers?.data(piece)
        if (waited && this.waitingBytes === 0 && this.open) this.#loop.turn(this.process, () => this.handlers?.drained())
      }),
    )
  }

  /** In order, behind all that was written before. */
  #arrive(action: () => void): void {
    if (this.mute) return
    const { random, now } = this.#loop
    this.#lastArrival = Math.max(this.#lastArrival, now + random.skewed(LEAST_MS, MOST_MS))
    this.#loop.at(this.#lastArrival, this.peer.process, () => {
      if (!this.mute && this.peer.open) action()
    })
  }

  #give(action: () => void): void {
    if (this.#paused || this.#unread.length > 0) this.#unread.push(action)
    else action()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#loop.turn(this.process, () => {
      while (!this.#paused && this.#unread.length > 0 && this.open) this.#unread.shift()!()
    })
  }

  /** Writes no more; the other side hears of it behind all that was written. */
  end(): void {
    if (!this.open || this.#ended) return
    this.#ended = true
    this.#arrive(() => this.peer.#give(() => this.peer.handlers?.ended()))
  }

  /** Cuts it off: what has not arrived is lost, on both ways. */
  destroy(): void {
    if (!this.open) return
    this.open = false
    this.#loop.turn(this.process, () => this.handlers?.closed())
    if (this.mute) return
    this.#loop.after(this.#loop.random.skewed(LEAST_MS, MOST_MS), this.peer.process, () => {
      if (!this.peer.open) return
      this.peer.open = false
      this.peer.handlers?.closed()
    })
  }
}

/** Which process listens where, and the connections there are. */
export class Network {
  readonly #loop: EventLoop
  readonly #listeners = new Map<number, { process: SimulatedProcess; accept: (end: End) => void }>()
  /** Open ends by process. */
  readonly #ends = new Map<SimulatedProcess, Set<End>>()
  #ports = 10_000

  constructor(loop: EventLoop) {
    this.#loop = loop
  }

  listen(accept: (end: End) => void): number {
    const port = this.#ports++
    this.#listeners.set(port, { process: this.#loop.current, accept })
    return port
  }

  unlisten(port: number): void {
    this.#listeners.delete(port)
  }

  #keep(end: End): void {
    const ends = this.#ends.get(end.process) ?? new Set()
    for (const each of ends) if (!each.open) ends.delete(each)
    this.#ends.set(end.process, ends.add(end))
  }

  /** A process has died: its listeners and its ends go with it. */
  cutAll(process: SimulatedProcess): void {
    for (const [port, listener] of this.#listeners) if (listener.process === process) this.#listeners.delete(port)
    for (const end of this.#ends.get(process) ?? []) end.destroy()
    this.#ends.delete(process)
  }

  /** The client's end, at once; `handlers.closed` tells where nobody listens. */
  connect(port: number, handlers: EndHandlers): End {
    const loop = this.#loop
    const listener = this.#listeners.get(port)
    const ours = new End(loop.current, loop)
    const theirs = new End(listener?.process ?? loop.current, loop)
    ours.peer = theirs
    theirs.peer = ours
    ours.handlers = handlers
    this.#keep(theirs)
    // what comes before the listener has it waits
    theirs.pause()
    if (listener === undefined || !listener.process.alive) {
      ours.destroy()
      return ours
    }
    loop.after(loop.random.skewed(LEAST_MS, MOST_MS), listener.process, () => {
      if (!ours.open) return
      if (this.#listeners.get(port) !== listener) {
        theirs.destroy()
        return
      }
      listener.accept(theirs)
      theirs.resume()
    })
    return ours
  }
}
