const STATUS_OK = 'HTTP/1.1 200 '
const EMPTY_LINE = '\r\n\r\n'

/** A POST of this JSON text over a connection that stays open. */
export const postRequest = (port: number, path: string, json: string): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  )

/** Where an answer with this many bytes of body that begins at `at` ends; -1 while it is incomplete. Throws on another status or length. */
export function answerEnd(bytes: Buffer, at: number, bodyLength: number): number {
  const head = bytes.indexOf(EMPTY_LINE, at)
  if (head < 0) return -1
  const text = bytes.toString('latin1', at, head)
  if (!text.startsWith(STATUS_OK)) throw new Error(text.slice(0, text.indexOf('\r\n')))
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
  if (length !== bodyLength) throw new Error('WRONG_LENGTH')
  const end = head + EMPTY_LINE.length + length
  return end > bytes.length ? -1 : end
}
