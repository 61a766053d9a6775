import type { AttemptError } from '@causeway/retries'
import { ERROR_TEXT, ERROR_TRACE } from './limits.ts'

/** A failed attempt as it is kept with its message. */
export function attemptError(worker: string, error: unknown, attempt: number): AttemptError {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { at: Date.now(), worker, error: text.slice(0, ERROR_TEXT), trace: error instanceof Error ? traceOf(error) : undefined, attempt }
}

/** The stack without its first lines, which repeat the message. */
function traceOf({ stack = '' }: Error): string | undefined {
  const at = stack.search(/^\s+at /m)
  return at < 0 ? undefined : stack.slice(at, at + ERROR_TRACE)
}
