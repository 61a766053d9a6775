export type { ChannelHandlers, ChannelListening, ChannelMessage, ChannelPart, Channels } from './channels.ts'
export { CONFIG_ASKED, CONFIG_STATES, cancelChannel, KEPT_MESSAGES, KEPT_MS, SESSIONS_ENDED, wrongChannel } from './channels.ts'
