import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { connect, type Push } from '@causeway/client'
import { until } from '@causeway/testing'
import { Inbox } from './inbox.ts'
import { Installation } from './installation.ts'
import { metric } from './metric.ts'
import { everywhere, onRealBackends } from './places.ts'
import { V2Client } from './v2-client.ts'

const SERVICES = fileURLToPath(new URL('./session-events.fixture.ts', import.meta.url))
const SHORT = { CAUSEWAY_SESSION_TTL: '2s' }

interface Note {
  event: string
  session: string
  epoch: number
  reason?: string
  key: string
  attempt: number
}

const notesOf = (file: string): Note[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Note)
    : []
/** What was told of a session, in order: each as it first came. */
const toldOf = (file: string, session: string): string[] =>
  notesOf(file)
    .filter(note => note.session === session && note.attempt === 1)
    .map(({ event, epoch, reason }) => [event.slice('session.'.length), epoch, reason].filter(part => part !== undefined).join(' '))

everywhere('session events as routes', async (context, place) => {
  await using installation = await Installation.make(place, SHORT)
  const gateway = await installation.start({}, SERVICES)
  const told = (session: string) => toldOf(installation.journal, session)

  await context.test('opened, resumed and closed come in order; a failing one holds back the later ones of its session', async () => {
    const first = await V2Client.open(gateway.port)
    const { session, resumeToken } = first.synAck as { session: string; resumeToken: string }
    await until(() => told(session).length === 1, { what: 'opened', timeoutMs: 10_000 })
    for (let epoch = 2; epoch <= 4; epoch++)
      (await V2Client.open(gateway.port, { session, resumeToken, lastSeq: 0 })).client[Symbol.dispose]()
    first.client[Symbol.dispose]()
    await until(() => told(session).length === 5, { what: 'its end', timeoutMs: 20_000 })
    assert.deepEqual(told(session).slice(0, 4), ['opened 1', 'resumed 2', 'resumed 3', 'resumed 4'])
    assert.match(told(session)[4], /^closed \d expired$/)
    // each resumed failed twice, in its place
    const attempts = notesOf(installation.journal).filter(note => note.session === session && note.event === 'session.resumed')
    assert.deepEqual(
      attempts.map(({ epoch, attempt }) => [epoch, attempt]),
      [2, 3, 4].flatMap(epoch => [1, 2, 3].map(attempt => [epoch, attempt])),
    )
    assert.equal(attempts[0].key, `${session}/session.resumed/2`)
  })

  await context.test('a handler may push to the session, and ask other services', async () => {
    await using client = await connect(gateway.tcp)
    const pushes = new Inbox<Push>()
    client.on('push', push => pushes.add(push))
    assert.deepEqual((await pushes.take('the welcome')).payload, { welcome: 'epoch 1' })
  })

  await context.test('requests over HTTP and of handlers are sessions that nobody is told of', async () => {
    const asked = async () => {
      const body = JSON.stringify({ route: 'greet.echo', payload: 1 })
      return await fetch(`${gateway.http}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    }
    const answer = await asked()
    assert.equal(answer.status, 200, await answer.text())
    await using client = await connect(gateway.tcp)
    await until(() => told(client.session!).length === 1, { what: 'what came after', timeoutMs: 10_000 })
    assert.deepEqual(
      notesOf(installation.journal).filter(note => note.session.startsWith('~')),
      [],
    )
  })

  await context.test('what fails too often is a dead letter; once its handler is mended, its replay runs', async () => {
    const letters = async () => {
      const page = (await (await fetch(`${gateway.operators}api/dead-letters`)).json()) as { letters: { id: string; route: string }[] }
      return page.letters
    }
    await until(async () => (await letters()).length > 0, { what: 'a dead letter', timeoutMs: 10_000 })
    const [letter] = await letters()
    assert.equal(letter.route, 'session.opened')
    await using client = await connect(gateway.tcp)
    await client.request('mend')
    const order = { ids: [letter.id], reason: 'mended' }
    const headers = { 'content-type': 'application/json' }
    const replay = await fetch(`${gateway.operators}api/dead-letters/replay`, { method: 'POST', headers, body: JSON.stringify(order) })
    assert.equal(replay.status, 202, await replay.text())
    const replayed = async () => await (await fetch(`${gateway.operators}api/dead-letters/${encodeURIComponent(letter.id)}`)).text()
    await until(async () => /"outcome":"answered"/.test(await replayed()), { what: 'its replay', timeoutMs: 10_000 })
  })

  await context.test('the gateway counts them', async () => {
    assert.ok((await metric(gateway, 'causeway_session_events_total', 'event="session.opened"')) > 0)
    assert.equal(await metric(gateway, 'causeway_session_events_dropped_total'), 0)
  })
})

onRealBackends('session events through a kill', async (context, place) => {
  await using installation = await Installation.make(place, SHORT)
  const gateways = await Promise.all([installation.gateway(), installation.gateway()])
  const [gateway] = gateways
  await context.test('nobody wants any: none is written', async () => {
    using _ = (await V2Client.open(gateway.port)).client
    assert.ok(Number.isNaN(await metric(gateway, 'causeway_session_events_total')))
  })

  const part = () => installation.worker({ CAUSEWAY_TEST_PART: 'watch,greet' }, SERVICES)
  let worker = await part()
  await until(
    async () => {
      using _ = (await V2Client.open(gateway.port)).client
      return notesOf(installation.journal).length > 0
    },
    { what: 'the first event', timeoutMs: 20_000 },
  )

  await context.test('kill -9 of the worker: each event of each session is told at least once, in order', async () => {
    const sessions: string[] = []
    for (let n = 0; n < 200; n++) {
      const { client, synAck } = await V2Client.open(gateways[n % 2].port)
      sessions.push(synAck.session as string)
      client[Symbol.dispose]()
      if (n === 100) {
        await worker.process.kill()
        worker = await part()
      }
    }
    const isWhole = (session: string) => toldOf(installation.journal, session).some(told => told.startsWith('closed'))
    await until(() => sessions.every(isWhole), { what: 'the end of all', timeoutMs: 60_000 })
    for (const session of sessions) {
      const told = [...new Set(toldOf(installation.journal, session))]
      assert.deepEqual([told.length, told[0]], [2, 'opened 1'], JSON.stringify(told))
    }
  })
})
