import { type Frame, FrameType, MAX_NUMBER, ProtocolError, typeName } from '@causeway/protocol'
import type { Arrival } from './admission.ts'
import type { ConnectionContext } from './connection-context.ts'
import { HeldFrames } from './held-frames.ts'
import { SUBSCRIBES_AHEAD } from './limits.ts'
import type { ReadGate } from './read-gate.ts'
import { RefusalBarrier } from './refusal-barrier.ts'
import type { GatewaySession } from './session.ts'

/** The connection, as its intake needs it. */
export interface IntakeOwner {
  readonly session: GatewaySession | undefined
  /** Past its handshake, and not closed. */
  readonly isOpen: boolean
  /** Decides what a frame means, as when it was read. */
  frame(frame: Frame, arrival: Arrival): void
  /** SUBSCRIBE or UNSUBSCRIBE; resolves, and never rejects, once it is answered. */
  subscription(session: GatewaySession, frame: Frame): Promise<void>
  send(frame: Uint8Array): void
  flush(): void
  /** Nothing is held any more: it is read on. */
  readOn(): void
  fail(error: ProtocolError): void
  leave(reason: string, reconnectAfterMs: number): void
}

interface HeldFrame {
  frame: Frame
  payload: Uint8Array
  receivedAt: number
}

/** What a connection's client sends, on its way to the admission: in order, within the window, and never past a refusal that may be unread. */
export class MessageIntake {
  readonly #context: ConnectionContext
  readonly #owner: IntakeOwner
  readonly #gate: ReadGate
  readonly #barrier = new RefusalBarrier()
  /** Frames read while the window is closed, a refusal may be unread, or the session is being opened. */
  readonly #held = new HeldFrames<HeldFrame>()
  /** Messages are held: later ones wait behind them. */
  #holding = false
  #replaying = false
  /** SUBSCRIBE and UNSUBSCRIBE that are not answered. */
  #asked = 0

  constructor(context: ConnectionContext, owner: IntakeOwner, gate: ReadGate) {
    this.#context = context
    this.#owner = owner
    this.#gate = gate
  }

  message(session: GatewaySession, frame: Frame, arrival: Arrival): void {
    const { config, admission, host } = this.#context
    const { msgId, type } = frame
    if (this.#holding) {
      this.hold(frame, arrival)
      return
    }
    if (msgId === 0) {
      this.#owner.fail(new ProtocolError('BAD_FRAME', `${typeName(type)} needs a msgId from 1`))
      return
    }
    if (msgId <= session.lastMsgId || session.finishedBefore.has(msgId)) {
      host.repeated(session, msgId)
      return
    }
    if (!session.hasRoom(msgId, frame.payload.length, config.window, config.windowBytes)) {
      this.hold(frame, arrival)
      return
    }
    if (type === FrameType.SUBSCRIBE || type === FrameType.UNSUBSCRIBE) {
      if (this.#asked >= SUBSCRIBES_AHEAD) {
        this.hold(frame, arrival)
        return
      }
      session.lastMsgId = msgId
      this.#subscription(session, frame)
    } else if (admission.waits(session, frame)) {
      this.hold(frame, arrival)
      return
    } else if (this.#barrier.stands && admission.admits(session, frame, arrival.now)) {
      this.hold(frame, arrival)
      return
    } else admission.admit(session, frame, arrival)
    if (msgId >= MAX_NUMBER) this.#owner.leave('the numbers of this session are used up: begin a new one', 0)
  }

  #subscription(session: GatewaySession, frame: Frame): void {
    this.#asked++
    void this.#owner.subscription(session, frame).then(() => {
      this.#asked--
      this.windowOpened()
    })
  }

  /** Kept until it can go on; a client beyond its window is read no further. */
  hold(frame: Frame, { receivedAt }: Arrival): void {
    this.#holding = this.#owner.isOpen
    this.#held.push({ frame, payload: frame.payload, receivedAt })
    const { window, windowBytes } = this.#context.config
    const { session } = this.#owner
    const unfinished = { messages: session?.pending.size ?? 0, bytes: session?.unfinishedBytes ?? 0 }
    if (this.#held.beyond(unfinished, { messages: window, bytes: windowBytes })) this.#gate.stop('window')
  }

  /** Held frames go on as far as they can. */
  replay(): void {
    const held = this.#held.takeAll()
    if (held.length === 0) return
    this.#holding = false
    const now = Date.now()
    const at = performance.now()
    for (const { frame, receivedAt } of held) this.#owner.frame(frame, { now, at, receivedAt })
    if (this.#held.length === 0) this.#owner.readOn()
    this.turnEnds()
    this.#owner.flush()
  }

  /** What was held back may go on. */
  windowOpened(): void {
    if (!this.#holding || this.#replaying) return
    this.#replaying = true
    setImmediate(() => {
      this.#replaying = false
      if (this.#owner.isOpen) this.replay()
    })
  }

  refused(): void {
    this.#barrier.refused(Date.now())
  }

  /** Asks whether the refusals of this turn were read. */
  turnEnds(): void {
    const ping = this.#barrier.ping()
    if (ping !== undefined) this.#owner.send(ping)
  }

  pong(payload: Uint8Array): void {
    if (this.#barrier.pong(payload)) this.windowOpened()
  }

  tick(now: number): void {
    if (this.#barrier.overdue(now)) this.windowOpened()
  }

  clear(): void {
    this.#held.takeAll()
  }
}
