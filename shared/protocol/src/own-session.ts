/**
 * First letter of the ids of sessions that no client has: requests over HTTP and of handlers, and the sources of emits. They make no session events, nobody
 * resumes them, and no client's session begins with it (base64url has none).
 */
export const OWN_SESSION = '~'

/** Whether a session is no client's. */
export const isOwnSession = (id: string): boolean => id.startsWith(OWN_SESSION)
