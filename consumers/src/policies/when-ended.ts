export const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** The same stream; `ended` is called when it has ended or is left. No generator: left before it was begun, one would not come to its `finally`. */
export function endingStream(values: AsyncIterable<unknown>, ended: () => void): AsyncIterable<unknown> {
  const once = onceOnly(ended)
  return {
    [Symbol.asyncIterator]() {
      const iterator = begun(values, once)
      return {
        async next() {
          try {
            const result = await iterator.next()
            if (result.done === true) once()
            return result
          } catch (error) {
            once()
            throw error
          }
        },
        async return(value?: unknown) {
          try {
            return (await iterator.return?.(value)) ?? { done: true, value }
          } finally {
            once()
          }
        },
      }
    },
  }
}

function begun(values: AsyncIterable<unknown>, ended: () => void): AsyncIterator<unknown> {
  try {
    return values[Symbol.asyncIterator]()
  } catch (error) {
    ended()
    throw error
  }
}

function onceOnly(call: () => void): () => void {
  let called = false
  return () => {
    if (called) return
    called = true
    call()
  }
}
