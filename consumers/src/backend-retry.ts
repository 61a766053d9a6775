import type { Logger } from '@causeway/telemetry'
import { isAway } from './backend-away.ts'
import { BACKEND_REFUSALS, BACKEND_RETRY_MAX_MS, BACKEND_RETRY_MIN_MS } from './limits.ts'

/**
 * Makes a call until it succeeds, with waits that double: for what must not be given up while a backend is away. The call may be repeated
 * harmlessly. An error that is not the backend's absence is thrown when it has come ten times: such a call will never succeed.
 */
export async function retrying<T>(what: string, logger: Logger, call: () => Promise<T>): Promise<T> {
  let refusals = 0
  for (let failures = 0; ; failures++) {
    try {
      return await call()
    } catch (error) {
      if (!isAway(error) && ++refusals >= BACKEND_REFUSALS) throw error
      const wait = Math.min(BACKEND_RETRY_MIN_MS * 2 ** failures, BACKEND_RETRY_MAX_MS)
      if (failures === 0 || failures % 20 === 0)
        logger.warn({ error: (error as Error).message, failures: failures + 1 }, `${what} failed, trying again`)
      await new Promise(resolve => setTimeout(resolve, wait))
    }
  }
}
