import assert from 'node:assert/strict'
import { openBackends } from '@causeway/backends'
import { loadConfig } from '@causeway/config'
import { type ConsumedRecord, deadLetterTopic } from '@causeway/log'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere } from './places.ts'
import { ERROR, json, request, V2Client } from './v2-client.ts'

interface ShownJob {
  name: string
  failedReason: string
  attempts: number
  data: { payload: string; session: string; msgId: number; errors: { error: string; attempt: number }[]; traceparent?: string }
}

interface ShownQueue {
  name: string
  counts: Record<string, number>
  jobs: ShownJob[]
}

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

everywhere('a handler that always fails', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()
  const { client, synAck } = await V2Client.open(gateway.port)
  using _ = client

  await context.test('is tried three times, then the client gets DEAD_LETTERED and the next message its answer', async () => {
    client.send(request(1, 'demo.fail', 'poison', { metadata: { 1: TRACE } }), request(2, 'echo', 'next'))
    const dead = await client.answer(1)
    assert.deepEqual([dead.type, dead.seq, json(dead).code, json(dead).number], [ERROR, 1, 'DEAD_LETTERED', 4102])
    assert.equal(json(dead).traceId, TRACE.split('-')[1])
    assert.equal((await client.answer(2)).seq, 2)
  })

  await context.test("is in Bull Board's dead queue with its payload, errors and trace", async () => {
    const queue = await shownQueue(gateway, `${installation.service}-dead`)
    const [job, ...others] = queue.jobs
    assert.deepEqual(others, [])
    const { payload, session, msgId, errors, traceparent } = job.data
    assert.deepEqual([job.name, payload, session, msgId, traceparent], ['demo.fail', 'poison', synAck.session, 1, TRACE])
    assert.deepEqual(
      errors.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    for (const { error } of errors) assert.match(error, /demo\.fail always fails/)
  })

  await context.test('is counted in the overview', async () => {
    const counted = async (): Promise<boolean> => {
      const overview = (await (await fetch(`${gateway.operators}api/overview`)).json()) as { services: { service: string; dead: number }[] }
      return overview.services.find(each => each.service === installation.service)?.dead === 1
    }
    await until(counted, { what: 'one dead letter in the overview' })
  })

  await context.test('is on the -dlt topic as a record with its payload, header and what befell it', async () => {
    assert.equal((await gateway.process.stop()).code, 0)
    const records = await readDeadLetters(installation)
    assert.equal(records.length, 1)
    const [{ key, value, header, headers, traceparent }] = records
    assert.deepEqual([key, Buffer.from(value).toString(), traceparent], [synAck.session, 'poison', TRACE])
    assert.match(header, /^1;1;0;r;0;0;\d+;demo\.fail;/)
    const letter = JSON.parse(headers!['causeway-dead-letter']) as { reason: string; attempts: number; errors: unknown[] }
    assert.deepEqual([letter.attempts, letter.errors.length], [3, 3])
    assert.match(letter.reason, /\S/)
  })
})

/** A queue as Bull Board's page reads it. */
async function shownQueue(gateway: RunningGateway, name: string): Promise<ShownQueue> {
  let found: ShownQueue | undefined
  await until(
    async () => {
      const response = await fetch(`${gateway.queues}/api/queues?activeQueue=${name}&status=latest&page=1&jobsPerPage=10`)
      const { queues } = (await response.json()) as { queues: ShownQueue[] }
      found = queues.find(queue => queue.name === name)
      return (found?.jobs.length ?? 0) > 0
    },
    { what: `a job in ${name}` },
  )
  return found!
}

/** All records of the dead-letter topic: from Kafka, or from the data folder once nobody holds it. */
async function readDeadLetters({ environment, service }: Installation): Promise<ConsumedRecord[]> {
  const config = loadConfig({
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('CAUSEWAY_'))),
  })
  await using backends = await openBackends(config, 'e2e', silentLogger)
  const topic = deadLetterTopic(service)
  const rows = await backends.log.lag(service, topic)
  const full = rows.filter(({ end }) => end > 0)
  return (await Promise.all(full.map(({ partition }) => backends.log.read(topic, partition, 0, 100)))).flat()
}
