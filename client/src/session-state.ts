/**
 * What a session's client end remembers: numbers, window, what waits, what is unanswered. No socket and no clock; docs/protocol.md,
 * sections 2, 4 and 5.
 *
 * A message waits in the queue without a number, gets its msgId when it is sent, and is kept until it is answered (a NOTIFY: until it is
 * stored). After a resume those above `lastMsgId` are sent again with their old numbers, in order.
 */
import type { Credit, Syn, SynAck } from '@causeway/protocol'
import { DEFAULT_MAX_PAYLOAD, MAX_AHEAD, MAX_WAITING, patchMsgId, WINDOW_BYTES, WINDOW_MESSAGES } from '@causeway/protocol'
import type { CausewayError } from './errors.ts'
import { failure, localFailure } from './errors.ts'
import { QUEUE_BYTES, QUEUE_MESSAGES, TIMEOUT_GRACE_MS } from './limits.ts'
import type { Message } from './message.ts'

/** One session's state. */
export class SessionState {
  session: string | undefined
  #resumeToken: string | undefined
  /** SYNs made for this session. */
  #attempts = 0
  #maxPayload = DEFAULT_MAX_PAYLOAD
  #window: Credit = { messages: WINDOW_MESSAGES, bytes: WINDOW_BYTES }
  #lastMsgId = 0
  /** The highest delivery taken. */
  #lastSeq = 0
  /** The highest message known to be stored. */
  #stored = 0
  /** Not sent yet, in order. */
  readonly #queue = new Set<Message>()
  #queuedBytes = 0
  /** Sent and unfinished, by msgId, which is also the order of insertion. */
  readonly #sent = new Map<number, Message>()
  #sentBytes = 0
  /** Sent and not known to be stored, in order. */
  #unstored: Message[] = []

  /** The highest delivery taken: what every frame to the server acknowledges. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  /** Messages sent and unfinished. */
  get inFlight(): number {
    return this.#sent.size
  }

  /** Takes a message into the queue; throws CausewayError TOO_LARGE or OVERLOADED, and then it has no effect. */
  enqueue(message: Message): void {
    const tooLarge = this.#tooLarge(message)
    if (tooLarge !== undefined) throw tooLarge
    const bytes = this.#queuedBytes + message.size
    if (this.#queue.size >= QUEUE_MESSAGES || (this.#queue.size > 0 && bytes > QUEUE_BYTES)) {
      const limits = `expected at most ${QUEUE_MESSAGES} messages and ${QUEUE_BYTES} bytes`
      throw failure('OVERLOADED', `${this.#queue.size} messages of ${this.#queuedBytes} bytes wait to be sent, ${limits}`)
    }
    this.#queue.add(message)
    this.#queuedBytes = bytes
  }

  #tooLarge(message: Message): CausewayError | undefined {
    if (message.size <= this.#maxPayload) return undefined
    return failure('TOO_LARGE', `payload has ${message.size} bytes, expected at most ${this.#maxPayload}`)
  }

  /** Another gateway may take less than the one these were accepted for. */
  #refuseQueuedTooLarge(): void {
    for (const message of this.#queue) {
      const error = this.#tooLarge(message)
      if (error === undefined) continue
      this.#unqueue(message)
      message.fail(error)
    }
  }

  /** The next message that the window lets go, with its msgId; undefined while it must wait. */
  next(): Message | undefined {
    if (this.#queue.size === 0 || this.#sent.size >= this.#window.messages) return undefined
    const [message] = this.#queue
    // A message larger than the whole window could never go; alone it may.
    if (this.#sent.size > 0 && this.#sentBytes + message.size > this.#window.bytes) return undefined
    if (this.#sent.size > 0 && this.#lastMsgId + 1 - this.#oldest() > MAX_AHEAD) return undefined
    this.#unqueue(message)
    message.msgId = ++this.#lastMsgId
    patchMsgId(message.frame, message.msgId)
    this.#sent.set(message.msgId, message)
    this.#sentBytes += message.size
    this.#unstored.push(message)
    return message
  }

  #oldest(): number {
    const [oldest] = this.#sent.keys()
    return oldest
  }

  #unqueue(message: Message): void {
    if (this.#queue.delete(message)) this.#queuedBytes -= message.size
  }

  /** Takes a message out of the queue; false where it has been sent. */
  withdraw(message: Message): boolean {
    const waits = message.msgId === 0
    this.#unqueue(message)
    return waits
  }

  /** The unfinished message with this number. */
  find(msgId: number): Message | undefined {
    return this.#sent.get(msgId)
  }

  /** Takes a message out of the window: its last answer has come. */
  finish(message: Message): void {
    message.finished = true
    if (this.#sent.delete(message.msgId)) this.#sentBytes -= message.size
  }

  /** All messages up to `msgId` are stored; a NOTIFY among them is thereby finished. */
  markStored(msgId: number): void {
    if (msgId <= this.#stored) return
    this.#stored = msgId
    let count = 0
    while (count < this.#unstored.length && this.#unstored[count].msgId <= msgId) {
      const message = this.#unstored[count++]
      message.stored = true
      if (!message.oneWay || message.finished) continue
      this.finish(message)
      if (message.settled) continue
      message.settle()
      message.events.stored()
    }
    if (count > 0) this.#unstored.splice(0, count)
  }

  /** Whether a delivery is new; one that came before is only acknowledged again. */
  isNew(seq: number): boolean {
    return seq > this.#lastSeq
  }

  /** The application has taken the delivery. */
  take(seq: number): void {
    if (seq > this.#lastSeq) this.#lastSeq = seq
  }

  setWindow(window: Credit): void {
    this.#window = window
  }

  /** What the next SYN says of the session: each counts, so that one which a gateway reads late is known for old. */
  nextSyn(now: number): Pick<Syn, 'session' | 'resumeToken' | 'attempt' | 'lastSeq' | 'stored' | 'waiting'> {
    if (this.session === undefined) return {}
    const waiting: [number, number][] = []
    for (const message of this.#sent.values()) {
      if (message.stored && !message.oneWay && !message.askedAgain && waiting.length < MAX_WAITING) {
        waiting.push([message.msgId, Math.max(0, Math.ceil(message.expected - now))])
      }
    }
    const { session } = this
    return { session, resumeToken: this.#resumeToken, attempt: ++this.#attempts, lastSeq: this.#lastSeq, stored: this.#stored, waiting }
  }

  /** Takes the server's answer to a SYN; returns the messages to send again, in order. What a lost session leaves unanswered fails as UNKNOWN. */
  welcome(synAck: SynAck, now: number): Message[] {
    const resumed = synAck.resumed && synAck.session === this.session
    this.session = synAck.session
    this.#resumeToken = synAck.resumeToken
    this.#window = synAck.window
    this.#maxPayload = synAck.maxPayload
    this.#refuseQueuedTooLarge()
    if (!resumed) {
      this.#beginAnew()
      return []
    }
    this.#askAgain()
    this.markStored(synAck.lastMsgId)
    for (const message of this.#unstored) if (message.cancelled) this.finish(message)
    this.#unstored = this.#unstored.filter(message => !message.finished)
    for (const message of this.#unstored) message.refreshTimeout(now)
    return [...this.#unstored]
  }

  /** What the server answers itself is kept nowhere, and its number may have been passed by: it goes again under a new one. */
  #askAgain(): void {
    for (const message of this.#sent.values()) {
      if (!message.askedAgain) continue
      this.#sent.delete(message.msgId)
      this.#sentBytes -= message.size
      if (message.settled) continue
      message.msgId = 0
      message.stored = false
      this.#queue.add(message)
      this.#queuedBytes += message.size
    }
    this.#unstored = this.#unstored.filter(message => !message.askedAgain)
  }

  #beginAnew(): void {
    this.#askAgain()
    const lost = [...this.#sent.values()]
    this.#sent.clear()
    this.#sentBytes = 0
    this.#unstored = []
    this.#attempts = 0
    this.#lastMsgId = 0
    this.#lastSeq = 0
    this.#stored = 0
    for (const message of lost) {
      message.finished = true
      message.fail(localFailure('UNKNOWN', `the session ended before message ${message.msgId} was answered`))
    }
  }

  /** Fails what has passed its deadline. What is sent stays in the window until the server ends it, whose own TIMEOUT is given time to come first. */
  expire(now: number): void {
    for (const message of this.#queue) {
      if (message.deadline > now) continue
      this.#unqueue(message)
      message.fail(failure('TIMEOUT', 'the deadline passed before the message could be sent'))
    }
    for (const message of this.#sent.values()) {
      if (message.settled || message.deadline + TIMEOUT_GRACE_MS > now) continue
      message.fail(failure('TIMEOUT', `no answer to message ${message.msgId} came in time`))
    }
  }

  /** The sent messages that the application has cancelled and the server hasn't ended. */
  cancelled(): Message[] {
    return [...this.#sent.values()].filter(message => message.cancelled)
  }

  /** Whether any message has a deadline to look at. */
  get hasDeadlines(): boolean {
    for (const message of this.#queue) if (!message.settled && message.deadline < Number.POSITIVE_INFINITY) return true
    for (const message of this.#sent.values()) if (!message.settled && message.deadline < Number.POSITIVE_INFINITY) return true
    return false
  }

  /** Ends everything: what is sent is UNKNOWN, what waits fails with `waitingError`. */
  end(reason: string, waitingError: CausewayError): void {
    const sent = [...this.#sent.values()]
    const queued = [...this.#queue]
    this.#sent.clear()
    this.#queue.clear()
    this.#unstored = []
    for (const message of sent) message.fail(localFailure('UNKNOWN', reason, waitingError))
    for (const message of queued) message.fail(waitingError)
  }
}
