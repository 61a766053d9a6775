import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readProxyHeader } from './proxy-protocol.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const hex = (...parts: string[]) => Buffer.from(parts.join(''), 'hex')
/** 192.0.2.1:51000 to 198.51.100.2:7400. */
const V2_IPV4 = hex(SIGNATURE, '21', '11', '000c', 'c0000201', 'c6336402', 'c738', '1ce8')
/** [2001:db8::1]:51000 to [2001:db8::2]:7400, with three bytes of TLVs behind. */
const V2_IPV6 = hex(
  SIGNATURE,
  '21',
  '21',
  '0027',
  '20010db8000000000000000000000001',
  '20010db8000000000000000000000002',
  'c738',
  '1ce8',
  '040000',
)
const V2_LOCAL = hex(SIGNATURE, '20', '00', '0000')
const V2_UNIX = hex(SIGNATURE, '21', '31', '0004', '00000000')
const V1_IPV4 = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 51000 7400\r\n')
const V1_IPV6 = Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 51000 7400\r\n')
const V1_UNKNOWN = Buffer.from('PROXY UNKNOWN\r\n')

const cases: [string, Buffer, string | undefined][] = [
  ['version 1, IPv4', V1_IPV4, '192.0.2.1:51000'],
  ['version 1, IPv6', V1_IPV6, '[2001:db8::1]:51000'],
  ['version 1, UNKNOWN', V1_UNKNOWN, undefined],
  ['version 2, IPv4', V2_IPV4, '192.0.2.1:51000'],
  ['version 2, IPv6 with TLVs', V2_IPV6, '[2001:db8::1]:51000'],
  ["version 2, LOCAL: the edge's health check", V2_LOCAL, undefined],
  ['version 2, a family that is no TCP', V2_UNIX, undefined],
]

const told = (bytes: Buffer) => {
  const header = readProxyHeader(bytes)
  return { size: header?.size, source: header?.source?.remote }
}

describe('a PROXY header', () => {
  for (const [what, header, source] of cases) {
    test(`(${what}) tells the client and its own size`, () => {
      assert.deepEqual(told(header), { size: header.length, source })
    })

    test(`(${what}) wants more while it is cut, and leaves what is behind it alone`, () => {
      for (let cut = 0; cut < header.length; cut++) assert.equal(readProxyHeader(header.subarray(0, cut)), undefined, `${cut} bytes`)
      const followed = Buffer.concat([header, Buffer.from('4d430201', 'hex')])
      assert.deepEqual(told(followed), { size: header.length, source })
    })
  }

  const garbage: [string, Buffer][] = [
    ['a frame of version 2', hex('4d430201', '00'.repeat(16))],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a word that begins like it', Buffer.from('PROXIES')],
    ['a signature with one wrong byte', hex('0d0a0d0a000d0a515549540b', '21', '11', '000c')],
    ['another version behind the signature', hex(SIGNATURE, '31', '11', '000c', '00'.repeat(12))],
    ['a line of version 1 without end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`)],
    ['a line of version 1 without addresses', Buffer.from('PROXY TCP4\r\n')],
    ['a line of version 1 with an address that is none', Buffer.from('PROXY TCP4 nonsense 198.51.100.2 51000 7400\r\n')],
    ['a line of version 1 with a port that is none', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 port 7400\r\n')],
  ]
  for (const [what, bytes] of garbage) {
    test(`is not ${what}`, () => {
      assert.throws(() => readProxyHeader(bytes), /PROXY/)
    })
  }
})
