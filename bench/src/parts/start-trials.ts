import type { RunningTrials } from '../trial.ts'

/** Opens what trials need; where one part fails, those before it are closed again. Whoever is given the trials closes them all. */
export async function startTrials<T extends Omit<RunningTrials, keyof AsyncDisposable>>(
  open: (parts: AsyncDisposableStack) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const parts = new AsyncDisposableStack()
  try {
    const started = await open(parts)
    return { ...started, [Symbol.asyncDispose]: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}
