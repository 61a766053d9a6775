/**
 * A lane is what is handled in order: a session, or within one the messages of a key, of routes with `order: { key }`. Ids of sessions have no `#`.
 */
export const laneOf = (session: string, key: string | undefined): string => (key === undefined ? session : `${session}#${key}`)

/** The session that a lane is of. */
export function sessionOfLane(lane: string): string {
  const at = lane.indexOf('#')
  return at < 0 ? lane : lane.slice(0, at)
}
