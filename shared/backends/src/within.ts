/** Rejects, by default with an error that says so, where a call takes longer than `ms`; the call itself goes on, and what it comes to is dropped. */
export async function within<T>(ms: number, call: Promise<T>, late = (): Error => new Error(`no answer within ${ms} ms`)): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(late()), ms)
  try {
    return await Promise.race([call, promise])
  } finally {
    clearTimeout(timer)
  }
}
