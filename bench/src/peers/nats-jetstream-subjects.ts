// A request's subject names the connection and slot that it comes from, and so the subject of its answer: a header would cost more.

export const STREAM = 'REQUESTS'
const REQUESTS = 'requests'
const ANSWERS = 'answers'
export const ALL_REQUESTS = `${REQUESTS}.>`

export const requestSubject = (connection: string, slot: number): string => `${REQUESTS}.${connection}.${slot}`
export const answerSubject = (request: string): string => ANSWERS + request.slice(REQUESTS.length)
export const answersOf = (connection: string): string => `${ANSWERS}.${connection}.*`
export const slotOf = (subject: string): number => Number(subject.slice(subject.lastIndexOf('.') + 1))

/** How a PubAck begins that says where the message was stored; with an error it begins otherwise, and is empty where no stream listens. */
const STORED = Buffer.from('{"stream":')
export const isStored = (pubAck: Uint8Array): boolean => STORED.equals(pubAck.subarray(0, STORED.length))
