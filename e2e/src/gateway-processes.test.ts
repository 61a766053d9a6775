import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect as connectSocket, createServer } from 'node:net'
import { connect } from '@causeway/client'
import { freePort } from '@causeway/test-backends'
import { until } from '@causeway/testing'
import { WebSocket } from 'ws'
import { Installation, type RunningGateway } from './installation.ts'
import { START_MS } from './limits.ts'
import { metric } from './metric.ts'
import { onRealBackends } from './places.ts'
import { RawSocket } from './raw-socket.ts'
import { ACK, CLOSE, GOAWAY, json, RESPONSE, request, type SynAckBody, V2Client } from './v2-client.ts'

const TWO = { CAUSEWAY_PROCESSES: '2' }
const LISTENER = { CAUSEWAY_LISTENERS: '[{"port":0,"dialect":"mc1","auth":"none"}]' }
/** Were they spread by lot, all would be at one process once in 2^31 runs. */
const CLIENTS = 32

/** The processes that a gateway's own began. */
const processesOf = ({ process: { pid } }: RunningGateway): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

const lives = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** By the sockets that a process has, and those that listen there (proc(5)). */
function listensOn(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = [...readFileSync('/proc/net/tcp', 'utf8').matchAll(new RegExp(`:${hex} \\S+ 0A(?: +\\S+){5} +(\\d+)`, 'g'))].map(
    ([, inode]) => inode,
  )
  const files = readdirSync(`/proc/${pid}/fd`).map(file => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${file}`)
    } catch {
      // it was closed meanwhile
      return ''
    }
  })
  return inodes.some(inode => files.includes(`socket:[${inode}]`))
}

interface Connected {
  client: V2Client
  synAck: SynAckBody
}

const open = (gateway: RunningGateway, count: number): Promise<Connected[]> =>
  Promise.all(Array.from({ length: count }, () => V2Client.open(gateway.port)))

const gatewaysOf = (connected: readonly Connected[]): Set<string> => new Set(connected.map(({ synAck }) => synAck.server.id))

async function readyz({ operators }: RunningGateway): Promise<{ code: number; statuses: string[] }> {
  const response = await fetch(`${operators}readyz`)
  const { processes } = (await response.json()) as { processes: { status: string }[] }
  return { code: response.status, statuses: processes.map(({ status }) => status) }
}

/** A new connection for each call, as another client would make it. */
async function readyAgain(gateway: RunningGateway): Promise<boolean> {
  try {
    return (await readyz(gateway)).code === 200
  } catch {
    // it was asked of the one that was killed
    return false
  }
}

onRealBackends('a gateway of two processes', async (context, place) => {
  await using installation = await Installation.make(place)
  await installation.worker()
  const gateway = await installation.gateway({ ...TWO, ...LISTENER })

  await context.test('shares its ports: connections are at both, each answered', async () => {
    const connected = await open(gateway, CLIENTS)
    assert.equal(gatewaysOf(connected).size, 2)
    for (const { client } of connected) client.send(request(1, 'echo', 'hello'))
    for (const { client } of connected) assert.equal((await client.answer(1)).payload.toString(), 'hello')
    for (const { client } of connected) client.cut()
  })

  await context.test('WebSocket and the ports of dialects too', async () => {
    const servers = new Set<string>()
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const socket = new WebSocket(gateway.websocket, 'causeway.json')
        await once(socket, 'open')
        socket.send('{"type":"syn","client":{"name":"a","version":"1"}}')
        const [message] = (await once(socket, 'message')) as [Buffer]
        servers.add(JSON.parse(String(message)).server.id)
        socket.terminate()
      }),
    )
    assert.equal(servers.size, 2)
    using device = await RawSocket.connect(Number(new URL(gateway.listeners[0]!.address).port))
    device.write('4d43 01 01 00000002 6869')
    assert.equal(await device.hex(10), '4d430101000000026869')
  })

  await context.test('tells the metrics of both on one page, each name once', async () => {
    const text = await (await fetch(`${gateway.operators}metrics`)).text()
    assert.equal(text.match(/^causeway_connections\{gateway="gw-[0-9a-f]+"\} /gm)?.length, 2)
    assert.equal(text.match(/^process_resident_memory_bytes\{/gm)?.length, 3)
    const described = text.match(/^# TYPE \S+/gm)!
    assert.equal(new Set(described).size, described.length)
    assert.match(text, /^causeway_gateway_processes\{process="parent"\} 2$/m)
    assert.deepEqual(await readyz(gateway), { code: 200, statuses: ['ready', 'ready'] })
  })

  await context.test(
    'one is killed: its sessions go on at the other, each request answered once, and another takes its place',
    async () => {
      const before = await open(gateway, CLIENTS)
      for (const { client } of before) client.send(request(1, 'demo.slow', { ms: 1_500 }), request(2, 'echo', 'second'))
      await Promise.all(before.map(({ client }) => client.take(ACK, 2)))
      const [killed] = processesOf(gateway)
      process.kill(killed!, 'SIGKILL')
      await until(() => before.some(({ client }) => client.socket.destroyed), { what: 'connections to be lost' })
      await until(async () => (await metric(gateway, 'causeway_gateway_processes').catch(() => 0)) === 1, { what: 'one process less' })
      const lost = before.filter(({ client }) => client.socket.destroyed)
      const kept = before.filter(connected => !lost.includes(connected))
      assert.equal(gatewaysOf(lost).size, 1)
      assert.equal(gatewaysOf(kept).size, 1)
      for (const { client } of kept) await answeredOnce(client)
      for (const { client, synAck } of lost) {
        const lastSeq = client.inbox.items.filter(({ type }) => type === RESPONSE).length
        assert.equal(lastSeq, 0)
        const { session, resumeToken } = synAck
        const waiting = [1, 2].map(msgId => [msgId, 30_000])
        const again = await V2Client.open(gateway.port, { session, resumeToken, lastSeq, stored: 2, waiting })
        assert.deepEqual([again.synAck.resumed, again.synAck.recovered], [true, true])
        assert.notEqual(again.synAck.server.id, synAck.server.id)
        await answeredOnce(again.client)
        again.client.cut()
      }
      for (const { client } of kept) client.cut()
      await until(() => readyAgain(gateway), { what: 'both to be ready again', timeoutMs: START_MS })
      assert.equal(await metric(gateway, 'causeway_gateway_process_restarts_total'), 1)
      assert.ok(!processesOf(gateway).includes(killed!))
      const after = await open(gateway, CLIENTS)
      assert.equal(gatewaysOf(after).size, 2)
      assert.ok([...gatewaysOf(after)].some(id => !gatewaysOf(before).has(id)))
      for (const { client } of after) client.cut()
    },
  )

  await context.test('SIGTERM drains both: what is in flight is answered, everybody is told, nobody stays', async () => {
    const connected = await open(gateway, CLIENTS)
    assert.equal(gatewaysOf(connected).size, 2)
    const pids = [gateway.process.pid, ...processesOf(gateway)]
    for (const { client } of connected) client.send(request(1, 'demo.slow', { ms: 600 }))
    await Promise.all(connected.map(({ client }) => client.take(ACK, 1)))
    const ending = gateway.process.stop()
    for (const { client } of connected) {
      assert.equal(json(await client.take(GOAWAY)).code, 'GOING_AWAY')
      assert.deepEqual(json(await client.take(RESPONSE, 1)), { ms: 600 })
      assert.equal(json(await client.take(CLOSE)).code, 'GOING_AWAY')
      await client.ended()
    }
    assert.deepEqual(await ending, { code: 0, signal: null })
    assert.deepEqual(pids.filter(lives), [])
  })
})

async function answeredOnce(client: V2Client): Promise<void> {
  const answers = [await client.take(RESPONSE), await client.take(RESPONSE)]
  assert.deepEqual(
    answers.map(({ msgId, seq }) => [msgId, seq]),
    [
      [1, 1],
      [2, 2],
    ],
  )
  client.send(request(3, 'echo', 'third', { seq: 2 }))
  assert.equal((await client.take(RESPONSE)).msgId, 3)
  assert.deepEqual(
    client.inbox.items.filter(({ type }) => type === RESPONSE),
    [],
  )
}

onRealBackends('a gateway of two processes, and what befalls it', async (context, place) => {
  await using installation = await Installation.make(place)
  await installation.worker()
  const gateway = await installation.gateway(TWO)
  const put = async (patch: object): Promise<{ status: number; body: { working: string[]; detail: string } }> => {
    const body = JSON.stringify({ patch, reason: 'test' })
    const response = await fetch(`${gateway.operators}api/config`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body })
    return { status: response.status, body: (await response.json()) as { working: string[]; detail: string } }
  }

  await context.test('a listener of the central configuration is opened by both, one on any free port by none', async () => {
    const port = await freePort()
    const { status, body } = await put({ gateway: { listeners: [{ port, dialect: 'mc1', auth: 'none' }] } })
    assert.equal(status, 200)
    assert.equal(body.working.filter(id => id.startsWith('gw-')).length, 2)
    for (const pid of processesOf(gateway)) assert.ok(listensOn(pid, port), `process ${pid} listens on ${port}`)
    const refused = await put({ gateway: { listeners: [{ port: 0, dialect: 'mc1', auth: 'none' }] } })
    assert.equal(refused.status, 422)
    assert.match(refused.body.detail, /port is 0 \(any free one\): expected a port that all processes share/)
  })

  await context.test('its parent is killed: none of them stays', async () => {
    const pids = processesOf(gateway)
    assert.equal(pids.length, 2)
    await using client = await connect(gateway.tcp)
    assert.deepEqual(await client.request('echo', { hello: 1 }), { hello: 1 })
    await gateway.process.kill()
    await until(() => !pids.some(lives), { what: 'both processes to end' })
    const socket = connectSocket(gateway.port, '127.0.0.1')
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNREFUSED')
  })
})

onRealBackends('a gateway of several processes that can not begin ends, and says why', async (context, place) => {
  await using installation = await Installation.make(place)
  const fails = async (environment: NodeJS.ProcessEnv, code: number, says: RegExp): Promise<void> => {
    const run = installation.run(['gateway', '--http-port', '0', '--admin-port', '0'], { ...TWO, CAUSEWAY_TCP_PORT: '0', ...environment })
    assert.equal((await run.ended).code, code, run.stderr)
    assert.match(run.stderr, says)
    assert.equal(run.stdout, '')
  }

  await context.test("a port is another program's", async () => {
    await using server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    await fails({ CAUSEWAY_TCP_PORT: String(port) }, 1, new RegExp(`tcpPort ${port} can not be opened: listen EADDRINUSE`))
  })

  await context.test("a port is another gateway's, whose processes share it with nobody else", async () => {
    const port = String(await freePort())
    const other = installation.run(['gateway', '--http-port', '0', '--admin-port', '0', '--json'], { ...TWO, CAUSEWAY_TCP_PORT: port })
    await other.addresses()
    await fails({ CAUSEWAY_TCP_PORT: port }, 1, new RegExp(`tcpPort ${port} can not be opened: listen EADDRINUSE`))
    await other.stop()
  })

  await context.test('a certificate that can not be read, said by the first of them', async () => {
    const files = { CAUSEWAY_TLS_CERT: '/none', CAUSEWAY_TLS_KEY: '/none', CAUSEWAY_TLS_PORT: '0', CAUSEWAY_HTTPS_PORT: '0' }
    await fails(files, 78, /process 1 of the gateway ended before it served, with status 78/)
  })

  await context.test('Kafka can not be reached', async () => {
    await fails({ CAUSEWAY_KAFKA_BROKERS: '127.0.0.1:1', CAUSEWAY_START_TIMEOUT: '200ms' }, 1, /could not be reached within 200 ms/)
  })

  await context.test('the embedded mode is one process', async () => {
    await fails({ CAUSEWAY_KAFKA_BROKERS: '', CAUSEWAY_REDIS_URL: '' }, 78, /CAUSEWAY_PROCESSES is 2 in the embedded mode/)
  })

  await context.test('no such number', async () => {
    for (const processes of ['0', '-1', '1.5', 'x', '65'])
      await fails({ CAUSEWAY_PROCESSES: processes }, 78, /expected a whole number of processes from 1 to 64/)
  })
})
