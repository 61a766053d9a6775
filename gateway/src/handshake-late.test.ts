import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { FrameType } from '@causeway/protocol'
import { turn } from '@causeway/testing'
import { FakeClient } from './client.fixture.ts'
import { fakeGateway } from './gateway.fixture.ts'
import { BACKEND_TIMEOUT_MS } from './limits.ts'

test('a session that the store opens after its client was sent away is held by nobody, so that it ends by its time', async context => {
  context.after(() => mock.timers.reset())
  mock.timers.enable({ apis: ['setTimeout'] })
  const gateway = fakeGateway()
  const storeAnswers = Promise.withResolvers<void>()
  const open = gateway.store.open.bind(gateway.store)
  gateway.store.open = async sessions => {
    await storeAnswers.promise
    await open(sessions)
  }
  const client = new FakeClient(gateway)
  client.syn()
  await turn()
  mock.timers.tick(BACKEND_TIMEOUT_MS)
  await turn()
  assert.equal(client.transport.endCode(), 4004)

  storeAnswers.resolve()
  await turn()
  const [late] = gateway.host.held.values()
  assert.ok(late !== undefined && late.owner === undefined && late.detachedUntil > 0)
})

test('a SYN whose connection has ended behind it takes no session over from the connection that lives', async () => {
  const gateway = fakeGateway()
  const living = new FakeClient(gateway)
  const { session, resumeToken } = await living.open()
  const givenUp = new FakeClient(gateway)
  givenUp.syn({ session, resumeToken })
  givenUp.connection.ended('LOST')
  for (let i = 0; i < 10; i++) await turn()
  assert.deepEqual([living.transport.of(FrameType.CLOSE).length, living.session.epoch], [0, 1])
  living.send({ type: FrameType.REQUEST, opcode: 1, msgId: 1, payload: Buffer.from('{}') })
  assert.equal(gateway.appender.records.length, 1)
})
