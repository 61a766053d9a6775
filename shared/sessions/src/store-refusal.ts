/**
 * First words of Redis's error replies that speak of the server's state and not of the call (redis.io/docs/latest/develop/reference/protocol-spec,
 * simple errors): they pass, and the same call is good again.
 */
const STATES = new Set(['LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'MISCONF', 'NOREPLICAS', 'CLUSTERDOWN', 'TRYAGAIN', 'OOM'])

/** Whether an error is Redis's word about its own state. */
export function isPassingState(error: Error): boolean {
  return error.name === 'ReplyError' && STATES.has(error.message.split(' ', 1)[0])
}

/** Whether the store has answered that it will not do this very call: an error reply, not a lost connection nor a state that passes. */
export function refusesCall(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && !isPassingState(error)
}
