import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { backendTest } from '@causeway/test-backends'
import { type Browser, chromium, type Page } from 'playwright-core'
import { operatorsPage } from './operators-page.ts'

/** No request of the browser's own, and what a container lacks. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

/** What the fake gateway answers; changed by a test while the page looks on. */
interface FakeGateway {
  overview: Overview
  /** How it answers: as it should, with figures failing, or not at all. */
  state: 'serving' | 'failing' | 'dead'
}

type Overview = ReturnType<typeof healthy>

function healthy() {
  return {
    at: Date.now(),
    backends: {
      kind: 'kafka and redis',
      dependencies: { kafka: up(), redis: up() } as Record<string, { ok: boolean; since: number; error?: string }>,
      registryStale: false,
    },
    connections: 2_400,
    sessions: 2_500,
    receivedPerSecond: 14_321,
    deliveredPerSecond: 13_987,
    handledPerSecond: 13_900,
    roundTripMs: { p50: 3.71, p99: 12.34 },
    gateways: [
      {
        kind: 'gateway',
        id: 'gw-one',
        host: 'edge-1',
        startedAt: Date.now(),
        tcpPort: 7400,
        httpPort: 7401,
        stats: { connections: 2_400, rssBytes: 2 ** 27 },
      },
    ],
    workers: [
      {
        kind: 'worker',
        id: 'wk-one',
        host: 'node-1',
        service: 'orders',
        version: '1',
        startedAt: Date.now(),
        routes: 3,
        stats: { inFlight: 31 },
      },
    ],
    services: [{ service: 'orders', workers: 1, lag: 17, retrying: 0, parked: 0, dead: 0 }],
    messages: { answered: 48_210_331, notified: 5, rejected: 0, failed: 0, deadLettered: 0, timedOut: 0, cancelled: 0, expired: 0 },
  }
}

const up = () => ({ ok: true, since: Date.now() })

/** The page, open at a fake gateway; requests to anywhere else and script errors are kept. */
async function openPage(
  context: TestContext,
  executablePath: string,
): Promise<{ page: Page; gateway: FakeGateway; strays: string[]; errors: string[] }> {
  const gateway: FakeGateway = { overview: healthy(), state: 'serving' }
  const server = createServer((request, response) => {
    if (gateway.state === 'dead') request.socket.destroy()
    else if (request.url === '/') response.setHeader('content-type', 'text/html; charset=utf-8').end(operatorsPage)
    else if (request.url === '/metrics') response.end('causeway_kafka_up{gateway="gw-one"} 1\ncauseway_redis_up{gateway="gw-one"} 0\n')
    else if (request.url === '/api/overview' && gateway.state === 'serving') response.end(JSON.stringify(gateway.overview))
    else response.writeHead(500).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser ??= chromium.launch({ executablePath, args: ARGUMENTS })
  const page = await (await browser).newPage()
  context.after(async () => {
    await page.close()
    server.close()
    server.closeAllConnections()
  })
  const strays: string[] = []
  const errors: string[] = []
  page.on('request', request => void (request.url().startsWith(`${origin}/`) || strays.push(request.url())))
  page.on('pageerror', error => void errors.push(error.message))
  await page.goto(`${origin}/`)
  return { page, gateway, strays, errors }
}

const tile = (page: Page, title: string) => page.locator('#tiles li', { has: page.getByRole('heading', { name: title, exact: true }) })
const cell = (page: Page, table: string, key: string, label: string) =>
  page.locator(`#${table} tr[data-key="${key}"] td[data-label="${label}"]`)

test('the page names no other host', () => {
  assert.deepEqual(operatorsPage.match(/(?:src|href|url)\s*[=(]\s*["']?https?:/g), null)
})

backendTest(
  'shows the figures of a healthy system, from its own gateway alone',
  { chromium: true },
  async (context, { chromium: path }) => {
    const { page, strays, errors } = await openPage(context, path)
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
    await tile(page, 'Received').getByText('14,321/s', { exact: true }).waitFor()
    await tile(page, 'Round trip, p99').getByText('12.3 ms', { exact: true }).waitFor()
    assert.equal(await cell(page, 'services', 'orders', 'Lag').textContent(), '17')
    assert.equal(await cell(page, 'workers', 'wk-one', 'In flight').textContent(), '31')
    assert.equal(await cell(page, 'gateways', 'gw-one', 'Memory').textContent(), '128 MiB')
    assert.equal(await cell(page, 'gateways', 'gw-one', 'Ready').getByRole('link').getAttribute('href'), 'http://127.0.0.1:7401/readyz')
    assert.match((await page.locator('#totals').textContent()) ?? '', /Answered48,210,331/)
    assert.deepEqual({ strays, errors }, { strays: [], errors: [] })
  },
)

backendTest(
  'says first what is down, since when and why, and shows no stale figure as known',
  { chromium: true },
  async (context, { chromium: path }) => {
    const { page, gateway } = await openPage(context, path)
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
    gateway.overview.backends.dependencies.redis = { ok: false, since: Date.now(), error: 'no answer within 2000 ms' }
    await page.getByRole('heading', { name: '1 problem now' }).waitFor()
    await page
      .locator('#problems')
      .getByText(/^Redis is down since \d\d:\d\d:\d\d: no answer within 2000 ms\./)
      .waitFor()
    await page.locator('#dependencies li[data-key="redis"]').getByText('DOWN').waitFor()
    assert.equal(await cell(page, 'services', 'orders', 'Dead letters').textContent(), '–')
    assert.match(await page.title(), /^✕ 1 problem now/)
    gateway.overview.backends.dependencies.redis = up()
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
  },
)

backendTest(
  'a service whose last worker went away stands out, and the worker stays as gone',
  { chromium: true },
  async (context, { chromium: path }) => {
    const { page, gateway } = await openPage(context, path)
    await cell(page, 'workers', 'wk-one', 'State').getByText('up').waitFor()
    gateway.overview.workers = []
    gateway.overview.services[0].workers = 0
    gateway.overview.services[0].dead = 2
    await page.locator('#problems').getByText('orders: no worker.').waitFor()
    await page.locator('#problems').getByText('orders: 2 dead letters wait').waitFor()
    await cell(page, 'services', 'orders', 'State').getByText('NO WORKER').waitFor()
    await cell(page, 'workers', 'wk-one', 'State')
      .getByText(/^gone \d+ s ago$/)
      .waitFor()
  },
)

backendTest(
  'keeps the last figures and says since when the gateway gives no answer',
  { chromium: true },
  async (context, { chromium: path }) => {
    const { page, gateway } = await openPage(context, path)
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
    assert.equal(await page.getByRole('alert').isVisible(), false)
    gateway.state = 'dead'
    await page
      .getByRole('alert')
      .getByText(/^No answer since \d\d:\d\d:\d\d/)
      .waitFor()
    assert.equal(await page.locator('body').getAttribute('class'), 'silent')
    await tile(page, 'Received').getByText('14,321/s', { exact: true }).waitFor()
    assert.match(await page.title(), /no answer/)
    gateway.state = 'serving'
    await page.getByRole('alert').waitFor({ state: 'hidden' })
  },
)

backendTest(
  'tells a gateway that lives without figures from one that is gone, and names the backend',
  { chromium: true },
  async (context, { chromium: path }) => {
    const { page, gateway } = await openPage(context, path)
    gateway.state = 'failing'
    await page
      .getByRole('alert')
      .getByText(/^Redis is down\. No figures since .* the gateway is alive, but the overview failed with status 500/)
      .waitFor()
  },
)

backendTest('what a name holds is shown as text and never run', { chromium: true }, async (context, { chromium: path }) => {
  const { page, gateway, errors } = await openPage(context, path)
  const name = '<img src=x onerror="document.title=1">'
  gateway.overview.services[0].service = name
  gateway.overview.gateways[0].host = name
  await page.locator('#services').getByText(name).waitFor()
  await page.locator('#gateways').getByText(name).waitFor()
  assert.equal(await page.locator('img').count(), 0)
  assert.deepEqual(errors, [])
})
