import type { ClientEvent, Connected, Delivered, Handling, History, MessageKind } from './history.ts'

/** All that is known of one message. */
export interface MessageView {
  session: string
  msgId: number
  kind: MessageKind
  n: number
  sentAt: number
  /** When its client was first told that it is stored. */
  storedAt: number | undefined
  refused: { at: number; code: string } | undefined
  givenUpAt: number | undefined
  /** Answers and errors, each seq once. */
  finals: Delivered[]
  chunks: Delivered[]
  handlings: Handling[]
}

/** All that is known of one session, in the order in which its client saw it. */
export interface SessionView {
  id: string
  /** By msgId, in the order sent. */
  messages: Map<number, MessageView>
  /** Deliveries and connections, as they came, repeats included. */
  seen: (Delivered | Connected)[]
  /** Times at which its client was told of a loss: a resume that did not recover, or a new session in its place. */
  toldAt: number[]
  handlings: Handling[]
}

export interface Views {
  sessions: Map<string, SessionView>
  /** Handlings of messages that nobody sent. */
  unsent: Handling[]
}

export function makeViews({ events, handlings }: History): Views {
  const sessions = new Map<string, SessionView>()
  const of = (id: string): SessionView => {
    let session = sessions.get(id)
    if (session === undefined) {
      session = { id, messages: new Map(), seen: [], toldAt: [], handlings: [] }
      sessions.set(id, session)
    }
    return session
  }
  const marks = new Map<string, number>()
  for (const event of events) addEvent(of, event, marks)
  const unsent: Handling[] = []
  for (const handling of handlings) {
    const message = sessions.get(handling.session)?.messages.get(handling.msgId)
    if (message === undefined) unsent.push(handling)
    else {
      message.handlings.push(handling)
      sessions.get(handling.session)!.handlings.push(handling)
    }
  }
  return { sessions, unsent }
}

function addEvent(of: (id: string) => SessionView, event: ClientEvent, marks: Map<string, number>): void {
  const session = of(event.session)
  const message = 'msgId' in event ? session.messages.get(event.msgId) : undefined
  switch (event.type) {
    case 'sent':
      if (message === undefined) session.messages.set(event.msgId, newMessage(event))
      break
    case 'stored':
      for (let msgId = (marks.get(session.id) ?? 0) + 1; msgId <= event.msgId; msgId++) {
        const stored = session.messages.get(msgId)
        if (stored !== undefined) stored.storedAt ??= event.at
      }
      marks.set(session.id, Math.max(event.msgId, marks.get(session.id) ?? 0))
      break
    case 'refused':
      if (message !== undefined) message.refused ??= event
      break
    case 'givenUp':
      if (message !== undefined) message.givenUpAt = event.at
      break
    case 'delivered':
      session.seen.push(event)
      if (message !== undefined) addDelivery(message, event)
      break
    case 'connected':
      session.seen.push(event)
      if (event.asked !== undefined && !event.recovered) of(event.asked).toldAt.push(event.at)
  }
}

function newMessage({
  session,
  msgId,
  kind,
  n,
  at,
}: {
  session: string
  msgId: number
  kind: MessageKind
  n: number
  at: number
}): MessageView {
  return {
    session,
    msgId,
    kind,
    n,
    sentAt: at,
    storedAt: undefined,
    refused: undefined,
    givenUpAt: undefined,
    finals: [],
    chunks: [],
    handlings: [],
  }
}

function addDelivery(message: MessageView, delivery: Delivered): void {
  const list = delivery.kind === 'chunk' ? message.chunks : message.finals
  if (!list.some(({ seq }) => seq === delivery.seq)) list.push(delivery)
}

/** Whether a message was on its way when its client was told of a loss: it may have ended in any way. */
export function isExcused(message: MessageView, { toldAt }: SessionView): boolean {
  return toldAt.some(at => at > message.sentAt && !message.finals.some(final => final.at < at))
}

/** When its handling first came to its end; undefined where it never did. */
export function completedAt({ handlings }: MessageView, poisonAttempts: number): number | undefined {
  return handlings.find(
    ({ phase, kind, attempt }) => phase === 'end' || (phase === 'fail' && kind === 'poison' && attempt >= poisonAttempts),
  )?.at
}
