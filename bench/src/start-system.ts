import type { System } from './subject.ts'

/** Opens the parts of a system; where one fails, those before it are closed again. The system closes them in turn. */
export async function startSystem(open: (parts: AsyncDisposableStack) => Promise<Omit<System, keyof AsyncDisposable>>): Promise<System> {
  const parts = new AsyncDisposableStack()
  try {
    const started = await open(parts)
    return { ...started, [Symbol.asyncDispose]: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}
