import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WATCHED } from './watched.ts'

describe('what the probe looks at', () => {
  for (const { file, class: name, method } of Object.values(WATCHED)) {
    test(`is there: ${name}.${method} in ${file}`, async () => {
      const loaded = await import(new URL(`../../../${file}`, import.meta.url).href)
      assert.equal(typeof loaded[name]?.prototype[method], 'function')
    })
  }
})
