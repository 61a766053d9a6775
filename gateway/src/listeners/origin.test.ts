import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hostAllowed, originAllowed } from './origin.ts'

const cases: [string, string | undefined, string | undefined, string[] | undefined, boolean][] = [
  ['no browser', undefined, 'api.example', undefined, true],
  ['no browser, with a list', undefined, 'api.example', ['https://app.example'], true],
  ['a page of the same host, on any port', 'https://api.example:8443', 'api.example:7401', undefined, true],
  ['a page of another host', 'https://evil.example', 'api.example', undefined, false],
  ['a page of a host that only begins the same', 'https://api.example.evil.example', 'api.example', undefined, false],
  ['a loopback page at a loopback gateway by another name', 'http://localhost:5173', '127.0.0.1:7401', undefined, true],
  ['a loopback page at IPv6 loopback', 'http://127.0.0.1', '[::1]:7401', undefined, true],
  ['a loopback page at a public gateway', 'http://localhost', 'api.example', undefined, false],
  ['a name that begins like a loopback address', 'http://127.evil.example', 'localhost', undefined, false],
  ['a sandboxed page', 'null', 'api.example', undefined, false],
  ['no Host header', 'https://api.example', undefined, undefined, false],
  ['a page on the list', 'https://app.example', 'api.example', ['https://app.example'], true],
  ['a page of the same host that is not on the list', 'https://api.example', 'api.example', ['https://app.example'], false],
  ['a page on the list under another scheme', 'http://app.example', 'api.example', ['https://app.example'], false],
  ['any page where the list says so', 'https://evil.example', 'api.example', ['*'], true],
  ['any page where nothing is on the list', 'https://api.example', 'api.example', [], false],
]

describe('a WebSocket', () => {
  for (const [who, origin, host, list, allowed] of cases) {
    test(`${allowed ? 'opens for' : 'stays shut for'} ${who}`, () => {
      assert.equal(originAllowed(origin, host, list), allowed)
    })
  }
})

const names: [string, string, string | undefined, boolean][] = [
  ['a loopback listener by its address', '127.0.0.1', '127.0.0.1:7402', true],
  ['a loopback listener by another of its names', '127.0.0.1', 'localhost:7402', true],
  ['a loopback listener without a port', 'localhost', 'localhost', true],
  ['an IPv6 loopback listener', '::1', '[::1]:7402', true],
  ['any loopback address', '127.0.0.2', '127.9.9.9:1', true],
  ['a loopback listener by a name made to point there', '127.0.0.1', 'evil.example:7402', false],
  ['an IPv6 loopback listener by such a name', '::1', 'evil.example', false],
  ['a name that begins like a loopback address', '127.0.0.1', '127.0.0.1.evil.example', false],
  ['a name that ends like localhost', 'localhost', 'evil.localhost.example', false],
  ['a loopback listener by nobody', '127.0.0.1', undefined, false],
  ['a loopback listener by no name at all', '127.0.0.1', '/', false],
  ['an open listener by any name', '0.0.0.0', 'api.example', true],
  ['a public listener by any name', '192.0.2.7', undefined, true],
]

describe('a request', () => {
  for (const [what, listening, host, allowed] of names) {
    test(`${allowed ? 'may' : 'may not'} call ${what}`, () => {
      assert.equal(hostAllowed(listening, host), allowed)
    })
  }
})
