import { type Channels, wrongChannel } from '@causeway/channels'
import { bucketOf, encodeFrame, FrameType } from '@causeway/protocol'
import type { FinishBatcher } from '@causeway/sessions'
import type { Context } from './context.ts'
import { checkSize, encodeValue } from './execution.ts'

const SESSION_ID = /^[\w-]{1,64}$/

/** Where a push goes: a session's id, or a channel. */
export type PushTarget = string | { readonly channel: string }
export type Publish = Channels['publish']

/**
 * What `ctx.push` does: a push to the own session is held with the context until the answer, another session's or a channel's has taken effect when
 * it resolves.
 */
export function pushBy(finisher: FinishBatcher, publish: Publish, maxPayload: number) {
  return async (ctx: Context, target: PushTarget, payload: unknown): Promise<void> => {
    const encoded = encodeValue(payload)
    checkSize(encoded.payload, maxPayload)
    if (typeof target !== 'string') {
      const wrong = wrongChannel(target.channel)
      if (wrong !== undefined) throw new TypeError(`push: ${wrong}`)
      await publish(target.channel, encoded.payload, encoded.codec)
      return
    }
    const frame = encodeFrame({ type: FrameType.PUSH, ...encoded })
    if (target === ctx.session && ctx.source === undefined) {
      ctx.ownPushes.push(frame)
      return
    }
    if (!SESSION_ID.test(target)) {
      throw new TypeError(`push: session ${JSON.stringify(target)}: expected 1 to 64 letters, digits, '_' or '-'`)
    }
    await new Promise<void>((resolve, reject) => {
      finisher.add({ kind: 'push', session: target, bucket: bucketOf(target), incarnation: '', frame }, ({ status }) => {
        if (status === 'done') resolve()
        else if (status === 'expired') reject(new Error(`push: session ${target} is not known`))
        else reject(new Error(`push: session ${target} did not take it (${status})`))
      })
    })
  }
}
