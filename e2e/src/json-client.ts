import { once } from 'node:events'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'

/** A text message of `causeway.json` (docs/protocol.md, section 7). */
export type TextMessage = Record<string, unknown> & { type: string }

/** A WebSocket client that speaks `causeway.json`, or whatever binary it is given. */
export class JsonClient {
  readonly socket: WebSocket
  readonly inbox = new Inbox<TextMessage>()
  readonly closeCode: Promise<number>

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', data => this.inbox.add(JSON.parse(String(data)) as TextMessage))
    this.closeCode = new Promise(resolve => {
      socket.on('close', code => {
        this.inbox.end(`the connection is closed (${code})`)
        resolve(code)
      })
    })
    socket.on('error', () => {})
  }

  static async connect(url: string, headers: Record<string, string> = {}): Promise<JsonClient> {
    const socket = new WebSocket(url, 'causeway.json', { headers })
    const client = new JsonClient(socket)
    await once(socket, 'open')
    return client
  }

  static async open(
    url: string,
    syn: object = {},
    headers: Record<string, string> = {},
  ): Promise<{ client: JsonClient; synAck: TextMessage }> {
    const client = await JsonClient.connect(url, headers)
    client.send({ type: 'syn', client: { name: 'console', version: '1' }, ...syn })
    const synAck = await client.take('syn_ack')
    client.send({ type: 'ack' })
    return { client, synAck }
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  take(type: string, id?: number): Promise<TextMessage> {
    return this.inbox.take(`${type} ${id ?? ''}`, message => message.type === type && (id === undefined || message.id === id))
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }
}
