import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListenerAddresses } from './listener-addresses.ts'

const cases: [string, { allow?: string[]; deny?: string[] }, string, boolean][] = [
  ['no list', {}, '192.0.2.1', true],
  ['a range that it lies in', { allow: ['10.0.0.0/8'] }, '10.255.0.1', true],
  ['a range that it lies behind', { allow: ['10.0.0.0/8'] }, '11.0.0.0', false],
  ['an address', { allow: ['192.0.2.7'] }, '192.0.2.7', true],
  ['the address beside it', { allow: ['192.0.2.7'] }, '192.0.2.8', false],
  ['an IPv6 range', { allow: ['2001:db8::/32'] }, '2001:db8:ffff::1', true],
  ['another IPv6 range', { allow: ['2001:db8::/32'] }, '2001:db9::1', false],
  ['all IPv4 and an IPv6 address', { allow: ['0.0.0.0/0'] }, '2001:db8::1', false],
  ['a deny that it lies in', { deny: ['192.0.2.0/24'] }, '192.0.2.1', false],
  ['a deny that it does not lie in', { deny: ['192.0.2.0/24'] }, '192.0.3.1', true],
  ['both lists: deny wins', { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, '10.1.2.3', false],
  ['both lists, allowed alone', { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, '10.2.2.3', true],
  ['loopback, which is not special', { allow: ['10.0.0.0/8'] }, '127.0.0.1', false],
  ['an IPv4 range written within IPv6', { deny: ['::ffff:10.0.0.0/104'] }, '10.1.2.3', false],
  ['a text that is no address, where some are allowed', { allow: ['10.0.0.0/8'] }, 'unknown', false],
]

describe('an address', () => {
  for (const [what, lists, address, admitted] of cases) {
    test(`is ${admitted ? 'admitted' : 'kept out'}: ${what}`, () => assert.equal(new ListenerAddresses(lists).admits(address), admitted))
  }
})
