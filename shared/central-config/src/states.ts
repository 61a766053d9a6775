import { within } from '@causeway/backends'
import type { Channels } from '@causeway/channels'
import { CONFIG_ASKED, CONFIG_STATES } from '@causeway/channels'
import type { ConfigKey } from '@causeway/config'
import { Codec, decodeFrame } from '@causeway/protocol'
import type { Logger } from '@causeway/telemetry'
import { STATES } from './limits.ts'

/** By which version a process works. */
export interface ProcessState {
  /** As the registry names it. */
  process: string
  /** 0: by none, only by its own configuration. */
  version: number
  /** Where it has it from; `disk` while the log can't be read. */
  source: 'log' | 'disk'
  /** The version that it does not work by, though it was the present one: since `owner`, which may be another in the same process, refuses it. */
  refused?: { version: number; reason: string; owner: string }
  /** Keys of the document that its own flags or variables keep from it. */
  overridden?: readonly ConfigKey[]
}

/** Tells the gateways of a process how it stands: when that changes, and when they ask. What is lost on its way is asked for. */
export async function tellStates(
  channels: Channels,
  states: () => readonly ProcessState[],
  logger: Logger,
): Promise<{ tell(): void; close(): Promise<void> }> {
  const tell = (): void => {
    channels.tell(CONFIG_STATES, Buffer.from(JSON.stringify(states())), Codec.JSON).catch(error => {
      logger.debug({ error: (error as Error).message }, 'how the configuration stands here could not be told')
    })
  }
  const listening = await channels.listen({ message: tell, lost: tell })
  await listening.add(CONFIG_ASKED)
  return { tell, close: () => listening.close() }
}

/** What processes have told, as a gateway knows it. */
export class ProcessStates {
  readonly #channels: Channels
  /** The one told last is the last. */
  readonly #states = new Map<string, ProcessState>()
  readonly #waiting = new Set<() => void>()
  #close: (() => Promise<void>) | undefined

  constructor(channels: Channels) {
    this.#channels = channels
  }

  async start(): Promise<void> {
    const listening = await this.#channels.listen({
      message: (_channel, { frame }) => this.#take(JSON.parse(Buffer.from(decodeFrame(frame).payload).toString()) as ProcessState[]),
      lost() {},
    })
    this.#close = () => listening.close()
    await listening.add(CONFIG_STATES)
  }

  #take(told: readonly ProcessState[]): void {
    for (const state of told) {
      this.#states.delete(state.process)
      this.#states.set(state.process, state)
    }
    while (this.#states.size > STATES) this.#states.delete(this.#states.keys().next().value!)
    for (const look of this.#waiting) look()
  }

  of(process: string): ProcessState | undefined {
    return this.#states.get(process)
  }

  /** Has everybody tell again. */
  async ask(): Promise<void> {
    await this.#channels.tell(CONFIG_ASKED, Buffer.from('{}'), Codec.JSON)
  }

  /** Resolves once `enough` says so of what was told, or after so long; whether it was enough. */
  async until(enough: () => boolean, withinMs: number): Promise<boolean> {
    if (enough()) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (enough()) resolve()
    }
    this.#waiting.add(look)
    try {
      await within(withinMs, promise)
      return true
    } catch {
      return false
    } finally {
      this.#waiting.delete(look)
    }
  }

  async close(): Promise<void> {
    await this.#close?.()
  }
}
