import { isPassingState } from '@causeway/sessions'

/** Codes of a socket that could not be opened or broke, and of an embedded store that is closed for now. */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** Errors of ioredis and kafkajs about a connection. */
const NAMES = new Set([
  'MaxRetriesPerRequestError',
  'AbortError',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
])
/** Errors of ioredis that have neither a code nor a name of their own. */
const TEXTS = new Set(['Connection is closed.', 'Command timed out'])
/** Causes looked into. */
const DEPTH = 5

/** Whether an error says that a backend can't be reached, or can't work just now, and nothing about the call. */
export function isAway(error: unknown): boolean {
  let each = error
  for (let depth = 0; depth < DEPTH && each instanceof Error; depth++) {
    if (NAMES.has(each.name) || CODES.has(String((each as NodeJS.ErrnoException).code)) || TEXTS.has(each.message)) return true
    if (isPassingState(each)) return true
    each = each.cause
  }
  return false
}
