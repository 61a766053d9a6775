import { randomUUID } from 'node:crypto'

/** A name no other test has used, so that suites may share one Kafka or Redis: `prefix-` and eight hex digits. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`
