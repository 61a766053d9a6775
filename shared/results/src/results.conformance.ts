import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { uniqueName, until } from '@causeway/testing'
import { RESULT_BYTES, type Results } from './results.ts'

export interface ResultsAdapter {
  name: string
  /** Opens it for one test; the same store for each call of that test. */
  open(context: TestContext): Promise<Results>
}

const A_MINUTE = 60_000

export function resultsConformance({ name, open }: ResultsAdapter): void {
  describe(`results conformance: ${name}`, () => {
    test('of many who claim a key one gets it', async context => {
      const results = await open(context)
      const key = uniqueName('key')
      const claims = await Promise.all(Array.from({ length: 50 }, (_, n) => results.claim(key, `owner-${n}`, A_MINUTE)))
      assert.deepEqual(claims.filter(({ kind }) => kind === 'claimed').length, 1)
      assert.deepEqual(claims.filter(({ kind }) => kind === 'taken').length, 49)
    })

    test('what its owner keeps is what everybody gets, byte for byte', async context => {
      const results = await open(context)
      const key = uniqueName('key with spaces, ü and a length beyond what keys have'.repeat(50))
      await results.claim(key, 'owner', A_MINUTE)
      const value = Buffer.from([0, 255, 10, 13, 0, 128])
      assert.equal(await results.keep(key, 'owner', value, A_MINUTE), true)
      const claim = await results.claim(key, 'other', A_MINUTE)
      assert.deepEqual(claim.kind === 'kept' && [...claim.value], [...value])
    })

    test('a result of no bytes is a result', async context => {
      const results = await open(context)
      await results.claim('nothing', 'owner', A_MINUTE)
      await results.keep('nothing', 'owner', new Uint8Array(0), A_MINUTE)
      assert.equal((await results.claim('nothing', 'other', A_MINUTE)).kind, 'kept')
    })

    test('only the owner ends its claim', async context => {
      const results = await open(context)
      await results.claim('mine', 'owner', A_MINUTE)
      await results.release('mine', 'other')
      assert.equal(await results.keep('mine', 'other', new Uint8Array(1), A_MINUTE), false)
      assert.equal((await results.claim('mine', 'third', A_MINUTE)).kind, 'taken')
      await results.release('mine', 'owner')
      assert.equal((await results.claim('mine', 'third', A_MINUTE)).kind, 'claimed')
    })

    test('a claim whose time is over is free, and its owner keeps nothing any more', async context => {
      const results = await open(context)
      await results.claim('short', 'slow', 20)
      await until(async () => (await results.claim('short', 'next', A_MINUTE)).kind === 'claimed')
      assert.equal(await results.keep('short', 'slow', new Uint8Array(1), A_MINUTE), false)
      assert.equal(await results.keep('short', 'next', new Uint8Array(1), A_MINUTE), true)
    })

    test('a result is kept for its time', async context => {
      const results = await open(context)
      await results.claim('soon over', 'owner', A_MINUTE)
      await results.keep('soon over', 'owner', new Uint8Array(1), 20)
      await until(async () => (await results.claim('soon over', 'next', A_MINUTE)).kind === 'claimed')
    })

    test('a result that is too large is refused, and the claim stands', async context => {
      const results = await open(context)
      await results.claim('large', 'owner', A_MINUTE)
      await assert.rejects(results.keep('large', 'owner', new Uint8Array(RESULT_BYTES + 1), A_MINUTE), /1048577 bytes: at most 1048576/)
      assert.equal(await results.keep('large', 'owner', new Uint8Array(RESULT_BYTES), A_MINUTE), true)
    })
  })
}
