import { CALL_ENTRIES } from './limits.ts'
import { now, recorder } from './recorder.ts'
import { watch } from './watched.ts'

interface Message {
  session: string
  header: { msgId: number }
}
interface Finish {
  kind: string
  session: string
  msgId?: number
}

/** Looks at a request's way through the worker: each method does as before, and its time is kept. */
export async function watchWorker(): Promise<void> {
  await watch<object, [number, readonly { key: string; header: string }[]]>('records', records => {
    return function (partition, polled) {
      if (recorder.isOn) {
        const at = now()
        for (const { key, header } of polled) {
          const msgId = msgIdOf(header)
          if (recorder.wants(key, msgId)) recorder.saw('fetched', key, msgId, at)
        }
      }
      return records.call(this, partition, polled)
    }
  })
  await watch<object, [Message, ...unknown[]]>('run', run => {
    return function (message, ...rest) {
      if (recorder.wants(message.session, message.header.msgId)) recorder.saw('begun', message.session, message.header.msgId, now())
      return run.call(this, message, ...rest)
    }
  })
  await watchFinishing()
}

/** What waits when a call begins goes with it: far fewer wait under these loads than a call takes. */
async function watchFinishing(): Promise<void> {
  const waiting: { session: string; msgId: number }[] = []
  await watch<object, [Finish, (result: unknown) => void]>('add', add => {
    return function (entry, callback) {
      const { kind, session, msgId = 0 } = entry
      if (kind !== 'final' || !recorder.wants(session, msgId)) return add.call(this, entry, callback)
      recorder.saw('asked', session, msgId, now())
      if (waiting.length < CALL_ENTRIES) waiting.push({ session, msgId })
      return add.call(this, entry, result => {
        recorder.saw('finished', session, msgId, now())
        callback(result)
      })
    }
  })
  await watch<object, unknown[]>('script', run => {
    return function (...args) {
      // the finish's first argument is its packed entries
      if (waiting.length > 0 && args[1] instanceof Uint8Array) {
        const at = now()
        for (const { session, msgId } of waiting.splice(0)) if (recorder.wants(session, msgId)) recorder.saw('called', session, msgId, at)
      }
      return run.apply(this, args)
    }
  })
}

/** Of a record header, whose second field it is (shared/protocol/src/record-header.ts); 0 where it is none of ours. */
const msgIdOf = (header: string): number => Number(header.slice(2, Math.max(2, header.indexOf(';', 2))))
