const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** The same value; `ended` is called now, or, where it is a stream, when that has ended or is left. */
export function whenEnded(value: unknown, ended: () => void): unknown {
  if (isStream(value)) return endingStream(value, ended)
  ended()
  return value
}

/** No generator: left before it was begun, one would not come to its `finally`. */
export function endingStream(values: AsyncIterable<unknown>, ended: () => void): AsyncIterable<unknown> {
  const once = onceOnly(ended)
  return {
    [Symbol.asyncIterator]() {
      const iterator = values[Symbol.asyncIterator]()
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

function onceOnly(call: () => void): () => void {
  let called = false
  return () => {
    if (called) return
    called = true
    call()
  }
}
