import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PeerCertificate } from 'node:tls'
import { principalOf } from './tls-principal.ts'

const cases: [string, Record<string, unknown>, string | undefined, string | undefined][] = [
  ['its common name', { O: 'Causeway', CN: 'meter-7' }, 'DNS:other', 'meter-7'],
  ['its first alternative name where it has no common name', { O: 'Causeway' }, 'URI:spiffe://a/b, DNS:c', 'spiffe://a/b'],
  ['an address as alternative name', {}, 'IP Address:192.0.2.1', '192.0.2.1'],
  ['nobody where it has two common names', { CN: ['meter-7', 'admin'] }, undefined, undefined],
  ['its alternative name where its common name is empty', { CN: '' }, 'email:a@b.example', 'a@b.example'],
  ['nobody where a name in quotes hides another', {}, 'DNS:"x, DNS:admin, y"', undefined],
  ['nobody where there is no name', {}, undefined, undefined],
  ['nobody where its first name is of a kind that is none', {}, 'othername:<unsupported>, DNS:admin', undefined],
]

describe('a certificate names', () => {
  for (const [whom, subject, subjectaltname, expected] of cases) {
    test(whom, () => assert.equal(principalOf({ subject, subjectaltname } as unknown as PeerCertificate), expected))
  }
})
