import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { decodeClose, FrameType } from '@causeway/protocol'
import { openClient } from './client.fixture.ts'
import { fakeGateway, requestOf } from './gateway.fixture.ts'

describe('a silent client', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: 1_000_000 }))
  afterEach(() => mock.timers.reset())

  async function silentAfterOpening() {
    const client = await openClient(fakeGateway({ keepAlive: 3_000 }))
    const at = (ms: number) => client.connection.tick(1_000_000 + ms)
    const pings = () => client.transport.of(FrameType.PING).length
    return { client, at, pings }
  }

  test('gets a PING after its keep-alive, and again each third of it', async () => {
    const { at, pings } = await silentAfterOpening()
    at(2_999)
    assert.equal(pings(), 0)
    at(3_000)
    at(3_500)
    assert.equal(pings(), 1)
    at(4_000)
    assert.equal(pings(), 2)
  })

  test('is closed as IDLE after three of them', async () => {
    const { client, at } = await silentAfterOpening()
    at(8_999)
    assert.equal(client.transport.endCode(), undefined)
    at(9_000)
    assert.deepEqual([client.transport.endCode(), decodeClose(client.transport.of(FrameType.CLOSE)[0].payload).code], [4002, 'IDLE'])
  })

  test('that says anything begins a new silence', async () => {
    const { client, at, pings } = await silentAfterOpening()
    mock.timers.setTime(1_002_000)
    client.send({ type: FrameType.PONG })
    at(4_999)
    assert.equal(pings(), 0)
    at(5_000)
    assert.equal(pings(), 1)
  })

  test('is not silent while the gateway does not read it', async () => {
    const gateway = fakeGateway({ keepAlive: 3_000, window: 1 })
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2))
    assert.ok(client.transport.paused)
    for (let ms = 0; ms < 20_000; ms += 1_000) client.connection.tick(1_000_000 + ms)
    assert.deepEqual([client.transport.ended, client.transport.of(FrameType.PING)], [undefined, []])
  })
})
