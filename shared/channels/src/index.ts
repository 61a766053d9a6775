export type { ChannelHandlers, ChannelListening, ChannelMessage, ChannelPart, Channels } from './channels.ts'
export { cancelChannel, KEPT_MESSAGES, KEPT_MS, wrongChannel } from './channels.ts'
