import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { originAllowed } from './origin.ts'

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
