import type { Identity } from './authentication.ts'

/** Whether a client may subscribe: where its token has a claim `channels`, one of those names or patterns (a `*` at the end stands for anything) has to fit. */
export function mayReceive({ channels }: Identity, channel: string): boolean {
  if (channels === undefined) return true
  return channels.some(each => (each.endsWith('*') ? channel.startsWith(each.slice(0, -1)) : channel === each))
}
