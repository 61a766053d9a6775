// Subscribers of one channel, all in this process: a `connection` is a subscriber, `depth` the messages under way, a round trip a delivery.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { generate } from '../generate.ts'
import type { Observer } from '../tally.ts'
import { type Subscribable, WORD } from './channel-control.ts'
import { ChannelSubscriber } from './channel-subscriber.ts'

/** The connection on which the publisher is told how many deliveries were got. */
class Control {
  readonly #socket: Socket
  #got = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  tell(number: number): void {
    const word = Buffer.allocUnsafe(WORD)
    word.writeUInt32BE(number)
    this.#socket.write(word)
  }

  /** Told once a turn. */
  got(count: number): void {
    if (this.#got === 0)
      setImmediate(() => {
        this.tell(this.#got)
        this.#got = 0
      })
    this.#got += count
  }
}

async function openControl(port: number): Promise<{ control: Control; where: Subscribable }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const [line] = await once(createInterface({ input: socket }), 'line')
  return { control: new Control(socket), where: JSON.parse(line as string) as Subscribable }
}

let opening: ReturnType<typeof openControl> | undefined
let asked = 0
let started = 0

await generate(async ({ port, depth, observer }) => {
  opening ??= openControl(port)
  asked++
  const { control, where } = await opening
  const subscriber = new ChannelSubscriber(where, handlersOf(observer, control))
  await subscriber.opened
  return {
    start() {
      if (++started < asked) return
      control.tell(asked)
      control.tell(depth)
    },
    close: () => subscriber.close(),
  }
})

function handlersOf(observer: Observer, control: Control) {
  return {
    delivered(count: number) {
      // nobody stamps them: they are counted, not timed
      for (let i = 0; i < count; i++) observer.answered(0)
      control.got(count)
    },
    wrongLength: () => observer.wrongLength(),
    failed: (code: string) => observer.failed(code),
  }
}
