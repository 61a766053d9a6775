/**
 * What is known of a run afterwards: what clients sent and saw, what handlers did, what was broken when. Times are microseconds of
 * one monotonic clock (clock.ts), so that events of several processes can be compared. The checker reads nothing else.
 */

/** What a message asks its handler for; the routes of handlers.ts. */
export type MessageKind = 'count' | 'slow' | 'flaky' | 'poison' | 'reject' | 'stream' | 'push' | 'note' | 'large'

interface Seen {
  at: number
  session: string
}

/** The client wrote a message to its connection. */
export interface Sent extends Seen {
  type: 'sent'
  msgId: number
  kind: MessageKind
  /** The number that the payload carries, unique in its client. */
  n: number
  /** Under the same number as before, after a resume. */
  again: boolean
}

/** ACK or SYN_ACK: all messages up to this one are stored. */
export interface Stored extends Seen {
  type: 'stored'
  msgId: number
}

/** ERROR with seq 0: it promises that the message has no effect. */
export interface Refused extends Seen {
  type: 'refused'
  msgId: number
  code: string
}

/** A kept delivery: an answer, a chunk of a stream, an error about a stored message, a push. */
export interface Delivered extends Seen {
  type: 'delivered'
  seq: number
  /** 0 for a push. */
  msgId: number
  kind: 'answer' | 'chunk' | 'error' | 'push'
  /** The number in its payload; -1 in an error. */
  n: number
  /** Of an error. */
  code?: string
  /** Of a chunk, and of the answer that ends a stream: its number in it, from 1. */
  chunk?: number
  redelivered: boolean
}

export interface Connected extends Seen {
  type: 'connected'
  client: string
  /** The session that the client asked for; undefined for a new one. */
  asked: string | undefined
  resumed: boolean
  recovered: boolean
  /** The highest delivery that the client had taken. */
  lastSeq: number
  /** Since the connection before it was lost, ms; undefined where there was none. */
  downMs: number | undefined
}

/** A connection has ended; the code is the one CLOSE brought, or LOST. */
export interface Closed extends Seen {
  type: 'closed'
  code: string
  number: number
}

/** The client gave a message up because it was told of a loss: a new session, or `recovered` false and nothing more came. */
export interface GivenUp extends Seen {
  type: 'givenUp'
  msgId: number
}

export type ClientEvent = Sent | Stored | Refused | Delivered | Connected | Closed | GivenUp

/** One line of a worker's journal. */
export interface Handling {
  at: number
  /** Process id of the worker. */
  worker: number
  /** A handler began, ended with a result, or threw. */
  phase: 'begin' | 'end' | 'fail'
  session: string
  msgId: number
  attempt: number
  n: number
  kind: MessageKind
}

/** What the nemesis did. */
export interface Fault {
  at: number
  what: string
}

/** The store went back to an older state, or lost all. */
export interface StoreLoss {
  at: number
  /** What it had then, it still has; 0: it has nothing. */
  keptUntil: number
}

export interface History {
  events: ClientEvent[]
  handlings: Handling[]
  faults: Fault[]
  losses: StoreLoss[]
}

export const emptyHistory = (): History => ({ events: [], handlings: [], faults: [], losses: [] })
