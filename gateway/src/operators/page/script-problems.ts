/** The page's script: what is wrong, worst first, in words that say what it means for clients. */
export const problemsScript = `
/** A service falls behind when more records than this wait, and more than this long ago. */
const LAG_NOTICED = 1000
const LAG_OVER_MS = 30000

const capital = name => name.slice(0, 1).toUpperCase() + name.slice(1)
const dependenciesDown = overview => Object.entries(overview.backends.dependencies).filter(([, state]) => !state.ok)
const isDown = (overview, name) => overview.backends.dependencies[name]?.ok === false
const logKnown = overview => !isDown(overview, 'kafka') && !isDown(overview, 'embedded')
const storeKnown = overview => !isDown(overview, 'redis') && !isDown(overview, 'embedded')

function lagRise(service, lag) {
  const now = history.at(-1)
  const before = history.findLast(sample => sample.at <= now.at - LAG_OVER_MS)?.lags[service]
  return before === undefined ? 0 : lag - before
}

function serviceProblems(overview, { service, workers, lag, parked, dead }) {
  const problems = []
  if (workers === 0) problems.push({ state: 'bad', text: service + ': no worker. Requests wait, then end as TIMEOUT or NO_ROUTE.' })
  if (logKnown(overview) && lag > LAG_NOTICED && lagRise(service, lag) > 0) {
    problems.push({ state: 'warn', text: service + ': falling behind, its lag has grown for ' + LAG_OVER_MS / 1000 + ' s.' })
  }
  if (!storeKnown(overview)) return problems
  if (dead > 0) problems.push({ state: 'warn', text: service + ': ' + plural(dead, 'dead letter waits', 'dead letters wait') + ' for an operator (Retries and dead letters, above).' })
  if (parked > 0) problems.push({ state: 'warn', text: service + ': messages are parked behind one that fails.' })
  return problems
}

function problemsOf(overview) {
  const problems = dependenciesDown(overview).map(([name, state]) => ({
    state: 'bad',
    text: capital(name) + ' is down since ' + clock(state.since) + ': ' + (state.error || 'no reason given') + '. New messages are refused with BACKEND_UNAVAILABLE.',
  }))
  if (overview.gateways.length === 0) problems.push({ state: 'bad', text: 'No gateway holds a lease: clients may not be able to connect.' })
  if (overview.services.length === 0) problems.push({ state: 'warn', text: 'No service has registered: every message ends as NO_ROUTE.' })
  for (const service of overview.services) problems.push(...serviceProblems(overview, service))
  if (overview.backends.registryStale) problems.push({ state: 'warn', text: 'The registry cannot be read: the processes below are those last seen.' })
  return problems.sort((one, other) => Number(other.state === 'bad') - Number(one.state === 'bad'))
}

/** Changed only where the words change: the region is read aloud. */
function showVerdict(problems) {
  const bad = problems.filter(problem => problem.state === 'bad').length
  const state = bad > 0 ? 'bad' : problems.length > 0 ? 'warn' : 'ok'
  const title = state === 'ok' ? 'All is well' : bad > 0 ? plural(bad, 'problem', 'problems') + ' now' : plural(problems.length, 'thing to look at', 'things to look at')
  setClass(byId('verdict'), state)
  setText(byId('verdict-title'), title)
  fillList(byId('problems'), problems, problem => problem.text, problem => make('li', problem.state, problem.text), () => {})
  document.title = (state === 'ok' ? '✓ ' : state === 'bad' ? '✕ ' : '! ') + title + ' · Causeway'
}
`
