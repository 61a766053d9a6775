/** A PUSH as the application gets it. docs/protocol.md, section 2. */
import type { Frame } from '@causeway/protocol'
import { Flag } from '@causeway/protocol'
import type { Push } from './options.ts'
import { decodePayload } from './payload.ts'

/** The event of a PUSH frame. A payload labelled JSON that is none is given as bytes: better that than nothing. */
export function readPush(frame: Frame): Push {
  const { channel, channelOffset } = frame.metadata ?? {}
  return { payload: readPayload(frame), channel, offset: channelOffset, redelivered: (frame.flags & Flag.REDELIVERED) !== 0 }
}

function readPayload({ codec, payload }: Frame): unknown {
  try {
    return decodePayload(codec, payload)
  } catch {
    return payload.slice()
  }
}
