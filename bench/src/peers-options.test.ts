import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readPeersOptions } from './peers-options.ts'

describe('options of bench:peers', () => {
  test('measure everything, 5 rounds of 3 s, and write the page, unless told otherwise', () => {
    const { rounds, seconds, generators, write, only } = readPeersOptions([])
    assert.deepEqual({ rounds, seconds, generators, write }, { rounds: 5, seconds: 3, generators: 1, write: true })
    for (const id of ['causeway-kafkajs', 'grpc-js', 'rabbitmq', 'nats-core', 'codecs', 'kafka-tools']) assert.ok(only.includes(id), id)
  })

  test('choose by id, and leave the page alone', () => {
    const { only, write } = readPeersOptions(['--only', 'net,ws', '--no-write'])
    assert.deepEqual([only, write], [['net', 'ws'], false])
  })

  test('refuse an id that is none, and a number that is none', () => {
    assert.throws(() => readPeersOptions(['--only', 'net,nuts']), /--only names nuts: expected some of .*nats-core/)
    assert.throws(() => readPeersOptions(['--rounds', '0']), /--rounds is 0/)
  })
})
