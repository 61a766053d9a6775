import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decodeFrame } from './frame-decoder.ts'
import { typeName } from './frame-type.ts'
import { fromHex } from './vectors.fixture.ts'

test('each line of the exchange in the README is the frame it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const lines = [...readme.matchAll(/^[<>] ([0-9a-f ]+?) {2,}([A-Z]+)/gm)]
  assert.equal(lines.length, 4)
  for (const [line, hex, name] of lines) {
    assert.equal(typeName(decodeFrame(fromHex(hex.replaceAll(' ', ''))).type)?.toUpperCase(), name, line)
  }
})
