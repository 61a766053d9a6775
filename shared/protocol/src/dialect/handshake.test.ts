import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, splits, toHex } from '../vectors.fixture.ts'
import type { DialectMessage } from './dialect.ts'
import { DIALECTS } from './dialects.ts'

const dialect = DIALECTS['mc1-handshake']
// the client begins at 1000, the server at 5000; checksums by zlib
const SYN = '4d4301000003e800007df510b2'
const SYN_ACK = '4d4302000013880004a4f25614000003e9'
const ACK = '4d4303000013890000f366f713'
const HI = '4d4301010000000268 69'.replace(' ', '')

/** Feeds a server whose first number is `number`; what it replies, message for message. */
function serve(hex: string, number = 5_000) {
  const results: { kinds: string[]; replies: string[]; code: string | undefined }[] = []
  for (const reads of splits(fromHex(hex))) {
    const decoder = dialect.decoder({ maxPayload: 1_024, number })
    const messages: DialectMessage[] = []
    let code: string | undefined
    for (const read of reads) code ??= decoder.push(read, messages)?.code
    const replies = messages.map(message => (message.kind === 'request' ? '' : toHex(dialect.encodeReply(message))))
    results.push({ kinds: messages.map(({ kind }) => kind), replies, code })
  }
  for (const result of results) assert.deepEqual(result, results[0])
  return results[0]
}

test('SYN is answered with SYN-ACK, ACK with nothing, then mc1 begins', () => {
  assert.deepEqual(serve(SYN + ACK + HI), {
    kinds: ['handshake', 'handshake', 'request'],
    replies: [SYN_ACK, '', ''],
    code: undefined,
  })
})

test('numbers go round at 2^32', () => {
  const { replies, code } = serve(`4d4301ffffffff0000868c6018${'4d43030000000000005f2e2f6d'}${HI}`, 0xffffffff)
  assert.deepEqual([replies[0], code], ['4d4302ffffffff000403b15adf00000000', undefined])
})

test('a repeated SYN gets the same SYN-ACK, and the repeated ACK to it says nothing', () => {
  const { replies, kinds, code } = serve(SYN + SYN + ACK + HI + ACK + HI)
  assert.deepEqual(replies, [SYN_ACK, SYN_ACK, '', '', '', ''])
  assert.deepEqual(kinds, ['handshake', 'handshake', 'handshake', 'request', 'handshake', 'request'])
  assert.equal(code, undefined)
})

const REFUSED: [what: string, hex: string, code: string][] = [
  ['a SYN whose crc is wrong', '4d4301000003e800007df510b3', 'BAD_CHECKSUM'],
  ['an ACK whose crc is wrong', `${SYN}4d4303000013890000f366f712`, 'BAD_CHECKSUM'],
  ['an ACK of another number', `${SYN}4d4303000013880000f2a49d24`, 'BAD_FRAME'],
  ['a second SYN of another number', `${SYN}4d4301000003e900007c377a85`, 'BAD_FRAME'],
  ['a repeated ACK of another number', `${SYN}${ACK}4d4303000013880000f2a49d24`, 'BAD_FRAME'],
  ['an ACK before the SYN', ACK, 'HANDSHAKE_EXPECTED'],
  ['a SYN-ACK from the client', SYN_ACK, 'HANDSHAKE_EXPECTED'],
  ['a wrong magic', '4d4401000003e800007df510b2', 'BAD_FRAME'],
  ['a SYN that claims much to say', '4d4301000003e8ffff7df510b2', 'TOO_LARGE'],
]
for (const [what, hex, code] of REFUSED) {
  test(`${what} ends the connection with ${code}`, () => assert.equal(serve(hex).code, code))
}

test('a message before the handshake is none: its bytes are judged as a control frame', () => {
  assert.notEqual(serve(`${HI}${HI}`).code, undefined)
})

test('the server draws its number where nobody gives one', () => {
  const drawn = () => {
    const messages: DialectMessage[] = []
    dialect.decoder({ maxPayload: 1_024 }).push(fromHex(SYN), messages)
    return toHex(dialect.encodeReply(messages[0]))
  }
  assert.notEqual(drawn(), drawn())
})
