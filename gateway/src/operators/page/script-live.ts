/** The page's script: asks every second and shows each part; when nothing comes, says since when and keeps the last figures, greyed. */
export const liveScript = `
const EVERY_MS = 1000
/** An overview that takes longer counts as no answer; whether the gateway itself lives is asked apart. */
const ANSWER_MS = 3000
const ALIVE_MS = 1500

const stat = name => process => process.stats?.[name]
const state = process => process.goneSince === undefined ? { text: 'up', state: 'ok' } : { text: 'gone ' + lasting(Date.now() - process.goneSince) + ' ago', state: 'gone' }
const upFor = process => process.goneSince === undefined ? lasting(Date.now() - process.startedAt) : UNKNOWN
const column = (title, value, className = '') => ({ title, value, className })

const serviceColumns = [
  column('Service', service => service.service, 'text'),
  column('State', service => service.workers > 0 ? { text: 'served', state: 'ok' } : { text: 'NO WORKER', state: 'bad' }, 'text'),
  column('Workers', service => count(service.workers)),
  column('Lag', service => service.logKnown ? count(service.lag) : UNKNOWN),
  column('Retrying', service => service.storeKnown ? count(service.retrying) : UNKNOWN),
  column('Parked', service => service.storeKnown ? { text: count(service.parked), alert: service.parked > 0 } : UNKNOWN),
  column('Dead letters', service => !service.storeKnown ? UNKNOWN : { text: count(service.dead), alert: service.dead > 0 }),
]

const gatewayColumns = [
  column('Gateway', gateway => gateway.id, 'text'),
  column('State', state, 'text'),
  column('Host', gateway => gateway.host, 'text wide'),
  column('Ready', readyLink, 'text'),
  column('Connections', gateway => count(stat('connections')(gateway))),
  column('Sessions', gateway => count(stat('sessions')(gateway))),
  column('Received', gateway => perSecond(stat('receivedPerSecond')(gateway))),
  column('Delivered', gateway => perSecond(stat('deliveredPerSecond')(gateway))),
  column('p50', gateway => millis(stat('roundTripP50Ms')(gateway))),
  column('p99', gateway => millis(stat('roundTripP99Ms')(gateway))),
  column('To be stored', gateway => count(stat('waitingRecords')(gateway))),
  column('Memory', gateway => bytes(stat('rssBytes')(gateway))),
  column('Up for', upFor),
]

const workerColumns = [
  column('Worker', worker => worker.id, 'text'),
  column('Service', worker => worker.service, 'text wide'),
  column('State', state, 'text'),
  column('Host', worker => worker.host, 'text wide'),
  column('Routes', worker => count(worker.routes)),
  column('Handled', worker => perSecond(stat('handledPerSecond')(worker))),
  column('p50', worker => millis(stat('handlingP50Ms')(worker))),
  column('p99', worker => millis(stat('handlingP99Ms')(worker))),
  column('In flight', worker => count(stat('inFlight')(worker))),
  column('Outstanding', worker => count(stat('outstanding')(worker))),
  column('Memory', worker => bytes(stat('rssBytes')(worker))),
  column('Up for', upFor),
]

/** Where a gateway's /readyz is: this page's host where there is one gateway only, else the name it announced. */
function readyLink(gateway) {
  if (gateway.goneSince !== undefined || !Number.isInteger(gateway.httpPort)) return UNKNOWN
  const host = gateway.alone ? location.hostname : gateway.host
  return { text: '/readyz', href: 'http://' + host + ':' + gateway.httpPort + '/readyz' }
}

const tiles = [
  { title: 'Received', value: perSecond, read: sample => sample.received },
  { title: 'Delivered', value: perSecond, read: sample => sample.delivered },
  { title: 'Handled', value: perSecond, read: sample => sample.handled },
  { title: 'Round trip, p50', value: millis, read: sample => sample.p50 },
  { title: 'Round trip, p99', value: millis, read: sample => sample.p99 },
  { title: 'Lag, all services', value: count, read: sample => sample.lag },
  { title: 'Connections', value: count, read: sample => sample.connections },
  { title: 'Sessions', value: count, read: sample => sample.sessions },
]

const OUTCOMES = {
  answered: 'Answered', notified: 'Notified', rejected: 'Rejected', failed: 'Failed', deadLettered: 'Dead-lettered',
  timedOut: 'Timed out', cancelled: 'Cancelled', expired: 'Expired',
}

function sampleOf(overview, now) {
  const lags = logKnown(overview) ? Object.fromEntries(overview.services.map(service => [service.service, service.lag])) : {}
  return {
    at: now, lags,
    received: overview.receivedPerSecond, delivered: overview.deliveredPerSecond, handled: overview.handledPerSecond,
    p50: overview.roundTripMs.p50, p99: overview.roundTripMs.p99,
    lag: logKnown(overview) ? sum(overview.services, service => service.lag) : undefined,
    connections: overview.connections, sessions: overview.sessions,
  }
}

function showTiles(now) {
  fillList(byId('tiles'), tiles, tile => tile.title, tile => {
    const item = make('li')
    item.append(make('h3', '', tile.title), make('p', 'value'), makeCurve(), make('p', 'peak'))
    return item
  }, (item, tile) => {
    setText(item.children[1], tile.value(tile.read(history.at(-1))))
    const peak = tile.value(drawCurve(item.children[2], tile.read, now))
    item.children[2].setAttribute('aria-label', tile.title + ' over two minutes, highest ' + peak)
    setText(item.children[3], 'highest ' + peak)
  })
}

function showDependencies(overview) {
  const registry = { ok: !overview.backends.registryStale, stale: true }
  const parts = [...Object.entries(overview.backends.dependencies), ['registry', registry]]
  fillList(byId('dependencies'), parts, ([name]) => name, ([name]) => {
    const item = make('li')
    item.append(make('b', '', name), make('span'), make('p'))
    return item
  }, (item, [, part]) => {
    const [word, className] = part.ok ? [part.stale ? 'current' : 'up', 'ok'] : part.stale ? ['stale', 'warn'] : ['DOWN', 'bad']
    setClass(item, className)
    setText(item.children[1], word)
    setClass(item.children[1], 'state ' + className)
    setText(item.children[2], (part.since === undefined ? (part.ok ? 'renewed within 1 s' : 'last picture kept') : 'since ' + clock(part.since)) + (part.error ? ': ' + part.error : ''))
  })
}

function showProcesses(overview, now) {
  const knownParts = { logKnown: logKnown(overview), storeKnown: storeKnown(overview) }
  const services = overview.services.map(service => ({ ...service, ...knownParts }))
  const gateways = withGone('gateway', overview.gateways, now).map(gateway => ({ ...gateway, alone: overview.gateways.length === 1 }))
  const workers = withGone('worker', overview.workers, now).sort((one, other) => one.service.localeCompare(other.service) || one.startedAt - other.startedAt)
  const ofProcess = process => process.goneSince === undefined ? '' : 'gone'
  fillTable(byId('services'), 'Services', 'No service has registered yet.', serviceColumns, services, service => service.service, service => service.workers > 0 ? '' : 'bad')
  fillTable(byId('gateways'), 'Gateways', 'No gateway holds a lease.', gatewayColumns, gateways, gateway => gateway.id, ofProcess)
  fillTable(byId('workers'), 'Workers', 'No worker holds a lease.', workerColumns, workers, worker => worker.id, ofProcess)
}

function showTotals(messages) {
  fillList(byId('totals'), Object.keys({ ...OUTCOMES, ...messages }), name => name, name => {
    const item = make('div')
    item.append(make('dt', '', OUTCOMES[name] ?? name), make('dd'))
    return item
  }, (item, name) => setText(item.children[1], count(messages?.[name])))
}

function show(overview) {
  const now = Date.now()
  remember(sampleOf(overview, now))
  setText(byId('mode'), overview.backends.kind === 'embedded' ? 'embedded, one process' : 'on Kafka and Redis')
  showVerdict(problemsOf(overview))
  showDependencies(overview)
  showTiles(now)
  showProcesses(overview, now)
  showTotals(overview.messages)
  setText(byId('read-at'), clock(now))
}

const openedAt = Date.now()
let answeredAt

function showSilence(words) {
  const place = byId('silence')
  place.hidden = words === ''
  setText(place, words)
  setClass(document.body, words === '' ? '' : 'silent')
  if (words !== '') document.title = '✕ no answer · Causeway'
}

/** The process may live though its figures don't come, since a backend keeps them back: its metrics need none and name it. */
async function silenceWords(reason) {
  const when = clock(answeredAt ?? openedAt)
  const last = answeredAt === undefined ? '' : ' Below are the last figures.'
  const asked = fetch('/metrics', { cache: 'no-store', signal: AbortSignal.timeout(ALIVE_MS) })
  const metrics = await asked.then(answer => answer.text()).catch(() => undefined)
  if (metrics === undefined) return 'No answer since ' + when + ': this gateway has stopped, or the way to it is broken.' + last
  const down = Array.from(metrics.matchAll(/^causeway_([a-z]+)_up[{][^}]*[}] 0$/gm), match => capital(match[1]) + ' is down. ')
  return down.join('') + 'No figures since ' + when + ': the gateway is alive, but ' + reason + '.' + last
}

async function ask() {
  const answer = await fetch('/api/overview', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) })
  if (!answer.ok) throw new Error('the overview failed with status ' + answer.status)
  return await answer.json()
}

async function turn() {
  try {
    show(await ask())
    answeredAt = Date.now()
    showSilence('')
  } catch (error) {
    const reason = error.name === 'TimeoutError' ? 'the overview took more than ' + ANSWER_MS / 1000 + ' s' : error.message
    showSilence(await silenceWords(reason))
  }
  setTimeout(turn, EVERY_MS)
}

turn()
`
