import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sightings, wayAt } from './account.fixture.ts'
import { STAGES } from './stages.ts'
import { momentOf, stageTimes, waysOf } from './ways.ts'

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const timeOf = (name: string, times: readonly number[]) => times[STAGES.findIndex(stage => stage.name === name)]

describe('ways', () => {
  test('put together what several processes saw of a message', () => {
    const ways = waysOf([sightings(['sent', 'a', 7, 1], ['sent', 'b', 7, 2]), sightings(['heard', 'b', 7, 5], ['heard', 'a', 7, 4])])
    assert.deepEqual(
      ways.map(way => [momentOf(way, 'sent'), momentOf(way, 'heard')]),
      [
        [1, 4],
        [2, 5],
      ],
    )
  })

  test('keep apart what has the same number in another session, and the first of what is seen twice', () => {
    const ways = waysOf([sightings(['fetched', 'a', 1, 5], ['fetched', 'a', 1, 9], ['fetched', 'a', 2, 6])])
    assert.deepEqual(
      ways.map(way => momentOf(way, 'fetched')),
      [5, 6],
    )
  })
})

describe('the times of a message’s stages', () => {
  test('add up to its round trip, whichever of two ways was faster', () => {
    for (const changes of [{}, { fetched: 4.5 }, { woken: 9.9 }, { stored: 30, finished: 40 }]) {
      const { times, backMs } = stageTimes(wayAt(changes), STAGES)!
      assert.equal(sum(times), 13)
      assert.equal(backMs, 0)
    }
  })

  test('end where the first of two ways does', () => {
    const { times } = stageTimes(wayAt({ stored: 7, fetched: 5.5 }), STAGES)!
    assert.deepEqual([timeOf('append: Kafka', times), timeOf('fetch', times)], [1.5, 0])
  })

  test('are none where a moment was not seen', () => assert.equal(stageTimes(wayAt({ called: Number.NaN }), STAGES), undefined))

  test('tell how far a moment lies before its turn, and still add up', () => {
    const { times, backMs } = stageTimes(wayAt({ begun: 4 }), STAGES)!
    assert.deepEqual([backMs, timeOf('dispatch', times), sum(times)], [2, 0, 13])
  })
})
