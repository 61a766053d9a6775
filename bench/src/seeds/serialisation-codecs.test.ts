import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CODEC_NAMES, codecFor } from './serialisation-codecs.ts'
import { OBJECT_NAMES, OBJECTS, sizeOf } from './serialisation-objects.ts'

for (const object of OBJECT_NAMES) {
  describe(`${object}`, () => {
    for (const name of CODEC_NAMES) {
      test(`comes back from ${name} as it went in`, () => {
        const codec = codecFor(name, object)
        const bytes = Buffer.from(codec.encode(OBJECTS[object]))
        assert.deepEqual(JSON.parse(JSON.stringify(codec.decode(bytes))), OBJECTS[object])
        assert.ok(name === 'JSON' ? bytes.length === sizeOf(object) : bytes.length < sizeOf(object), `${bytes.length} B`)
      })
    }
  })
}

test('one is as the articles’ small messages, one as an order', () => {
  assert.ok(Math.abs(sizeOf('sample') - 200) < 30, String(sizeOf('sample')))
  assert.ok(Math.abs(sizeOf('order') - 1_024) < 50, String(sizeOf('order')))
})
