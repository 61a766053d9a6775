import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalAddress, peerAt } from './peer.ts'

test('an address is written in one way, whatever way it came in', () => {
  assert.equal(canonicalAddress('192.0.2.1'), '192.0.2.1')
  assert.equal(canonicalAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(canonicalAddress('0:0:0:0:0:ffff:c000:201'), '192.0.2.1')
  assert.equal(canonicalAddress('2001:db8:0:0:0:0:0:1'), '2001:db8::1')
  assert.equal(canonicalAddress('fe80::1%eth0'), 'fe80::1')
})

test('a peer names its port behind its address, an IPv6 one in brackets', () => {
  assert.deepEqual(peerAt('::ffff:192.0.2.1', 5), { address: '192.0.2.1', remote: '192.0.2.1:5' })
  assert.deepEqual(peerAt('::1', 5), { address: '::1', remote: '[::1]:5' })
})
