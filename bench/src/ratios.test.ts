import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { comparison, reported } from './comparison.fixture.ts'
import { ratiosOf } from './ratios.ts'

const find = (ours: string, shape: string, peer: string, of = comparison()) =>
  ratiosOf(of).find(each => each.ours === `The ${ours}` && each.shape === shape && each.peer === `The ${peer}`)

describe('a ratio', () => {
  test('is ours by the peer’s, and reached from the target on', () => {
    const { ratio, target, reached } = find('causeway-platformatic', '64 x 16', 'grpc-js')!
    assert.deepEqual({ ratio, target, reached }, { ratio: 8, target: 8, reached: true })
  })

  test('is not reached below its target', () => {
    const { ratio, target, reached } = find('causeway-platformatic', '64 x 16', 'nats-core')!
    assert.deepEqual({ ratio, target, reached }, { ratio: 1.6, target: 2, reached: false })
  })

  test('has the lower target for the Kafka client that is slower at 64 x 16, whichever that is', () => {
    assert.deepEqual(
      [find('causeway-kafkajs', '64 x 16', 'grpc-js')!.form, find('causeway-kafkajs', '64 x 16', 'grpc-js')!.target],
      ['other client', 6],
    )
    const turned = comparison()
    turned.subjects[0] = reported('causeway-kafkajs', 'ours', { '64 x 16': 900 })
    assert.equal(find('causeway-kafkajs', '64 x 16', 'grpc-js', turned)!.target, 8)
  })

  test('of the embedded mode has targets of its own', () => {
    assert.equal(find('causeway-embedded', '64 x 16', 'grpc-js')!.target, 12)
    assert.equal(find('causeway-embedded', '64 x 1', 'grpc-js')!.target, 2)
  })

  test('holds each way to use a peer against that peer’s target', () => {
    const of = comparison()
    of.subjects.push(reported('nats-core-inbox', 'peer', { '64 x 16': 400 }))
    assert.equal(find('causeway-platformatic', '64 x 16', 'nats-core-inbox', of)!.reached, true)
  })

  test('is neither reached nor missed where one side was not measured', () => {
    const of = comparison()
    of.subjects[3] = reported('grpc-js', 'peer', {})
    const found = find('causeway-platformatic', '64 x 16', 'grpc-js', of)!
    assert.deepEqual([found.ratio, found.target, found.reached], [undefined, 8, undefined])
  })

  test('is not made with a bare transport', () => {
    assert.ok(ratiosOf(comparison()).every(({ peer }) => peer !== 'The net'))
  })
})
