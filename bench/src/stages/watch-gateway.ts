import type { Frame } from '@causeway/protocol'
import { frameMsgId } from '@causeway/protocol'
import { now, recorder } from './recorder.ts'
import { watch } from './watched.ts'

interface WithSession {
  session: { id: string } | undefined
}
interface Pending {
  msgId: number
}
/** A record of the gateway; others have no pending message. */
interface GatewayRecord {
  key: string
  pending?: Pending
}

/** Looks at a request's way through the gateway: each method does as before, and its time is kept. */
export async function watchGateway(): Promise<void> {
  await watchReading()
  await watchAppending()
  await watchDelivering()
}

async function watchReading(): Promise<void> {
  let heardAt = 0
  await watch<object, [Uint8Array, Frame[]]>('push', push => {
    return function (chunk, out) {
      if (recorder.isOn) heardAt = now()
      return push.call(this, chunk, out)
    }
  })
  await watch<WithSession, [readonly Frame[], unknown]>('received', received => {
    return function (frames, failure) {
      if (recorder.isOn && this.session !== undefined) {
        const decodedAt = now()
        for (const { msgId } of frames) {
          if (!recorder.wants(this.session.id, msgId)) continue
          recorder.saw('heard', this.session.id, msgId, heardAt)
          recorder.saw('decoded', this.session.id, msgId, decodedAt)
        }
      }
      return received.call(this, frames, failure)
    }
  })
  await watch<object, [{ id: string }, Frame, unknown]>('admit', admit => {
    return function (session, frame, arrival) {
      const result = admit.call(this, session, frame, arrival)
      if (recorder.wants(session.id, frame.msgId)) recorder.saw('admitted', session.id, frame.msgId, now())
      return result
    }
  })
}

async function watchAppending(): Promise<void> {
  await watch<object, [number, number, boolean]>('load', load => {
    return function (...limits) {
      const loaded = load.apply(this, limits) as { records: GatewayRecord[] }
      if (recorder.isOn) {
        const at = now()
        for (const { key, pending } of loaded.records)
          if (pending !== undefined && recorder.wants(key, pending.msgId)) recorder.saw('launched', key, pending.msgId, at)
      }
      return loaded
    }
  })
  await watch<object, [{ id: string }, Pending]>('stored', stored => {
    return function (session, pending) {
      if (recorder.wants(session.id, pending.msgId)) recorder.saw('stored', session.id, pending.msgId, now())
      return stored.call(this, session, pending)
    }
  })
}

async function watchDelivering(): Promise<void> {
  await watch<object, [string, number, Uint8Array]>('woken', deliver => {
    return function (session, seq, frame) {
      const msgId = frameMsgId(frame)
      if (recorder.wants(session, msgId)) recorder.saw('woken', session, msgId, now())
      return deliver.call(this, session, seq, frame)
    }
  })
  await watch<WithSession, [readonly Uint8Array[]]>('deliver', deliver => {
    return function (frames) {
      const isTaken = deliver.call(this, frames)
      if (recorder.isOn && this.session !== undefined) {
        const at = now()
        for (const msgId of frames.map(frameMsgId))
          if (recorder.wants(this.session.id, msgId)) recorder.saw('written', this.session.id, msgId, at)
      }
      return isTaken
    }
  })
}
