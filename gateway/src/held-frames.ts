import { HELD_FRAMES } from './limits.ts'

/** Messages read beyond a closed window: they wait, nothing is dropped, and reading stops when they are more than the window allows. */
export class HeldFrames<M extends { readonly payload: Uint8Array }> {
  #messages: M[] = []
  #bytes = 0

  get length(): number {
    return this.#messages.length
  }

  push(message: M): void {
    this.#messages.push(message)
    this.#bytes += message.payload.length
  }

  takeAll(): M[] {
    const taken = this.#messages
    this.#messages = []
    this.#bytes = 0
    return taken
  }

  /** Whether the client has sent more than its window, held and unfinished messages together. */
  beyond(unfinished: { messages: number; bytes: number }, window: { messages: number; bytes: number }): boolean {
    if (this.#messages.length > HELD_FRAMES) return true
    return this.#messages.length + unfinished.messages > window.messages || this.#bytes + unfinished.bytes > window.bytes
  }
}
