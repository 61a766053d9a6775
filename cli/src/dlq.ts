import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import {
  type Batch,
  batchLines,
  type DryRun,
  dryRunLines,
  type Letter,
  letterLines,
  missingLines,
  progressLine,
  type WholeLetter,
  wholeLetterLines,
} from './dlq-text.ts'
import { OperatorsClient, told } from './operators-client.ts'

interface CommonOptions {
  url: string
  token?: string
  json?: boolean
}

interface FilterOptions {
  service?: string
  route?: string
  since?: string
  q?: string
}

interface ListOptions extends CommonOptions, FilterOptions {
  limit: string
  before?: string
}

interface ReplayOptions extends CommonOptions, FilterOptions {
  all?: boolean
  dryRun?: boolean
  perSecond?: string
  toRoute?: string
  payload?: string
  payloadFile?: string
  deliver?: string
  reason?: string
  wait?: boolean
}

interface DiscardOptions extends CommonOptions {
  service?: string
  reason?: string
}

/** How often the progress of replays is asked for, ms. */
const LOOK_MS = 500

/** `causeway dlq`: dead letters by the operators' API of a gateway. */
export function dlqCommand(dlq: Command): void {
  const command = (usage: string, description: string): Command =>
    dlq
      .command(usage)
      .description(description)
      .option('--url <url>', "operators' address of a gateway", 'http://127.0.0.1:7402')
      .option('--token <token>', 'token of an operator (CAUSEWAY_ADMIN_TOKEN)')
      .option('--json', 'prints what the gateway answers, as JSON')
  withFilter(command('list', 'lists dead letters, newest first'))
    .option('--limit <n>', 'letters of a page', '50')
    .option('--before <cursor>', 'the page behind another one, as that one said')
    .action(told(list))
  command('show <id>', 'shows a dead letter: payload, every attempt, every replay')
    .option('--service <name>', 'of this service, where two have the same id')
    .action(told(show))
  withFilter(command('replay [ids...]', 'runs dead letters once more: those named, or those that fit the filter'))
    .option('--all', 'every dead letter')
    .option('--dry-run', 'only says how many and which would be replayed')
    .option('--per-second <n>', 'how many are begun in a second, at most (50)')
    .option('--to-route <name>', 'runs another route of the same service')
    .option('--payload <json>', 'another payload, JSON')
    .option('--payload-file <file>', 'another payload, the bytes of a file')
    .option('--deliver <where>', 'letter: the result stays with the letter; push: it goes to the session too, if that lives (letter)')
    .option('--reason <text>', 'why; kept in the audit log')
    .option('--wait', 'waits for the end and tells the progress; exit status 1 where some failed')
    .action(told(replay))
  command('replays [id]', 'lists replays and how far they are, or shows one').action(told(replays))
  command('cancel <replay>', 'stops a replay: what has not begun never will')
    .option('--reason <text>', 'why; kept in the audit log')
    .action(told(cancel))
  command('discard <ids...>', 'removes dead letters for good')
    .option('--service <name>', 'of this service, where two have the same id')
    .option('--reason <text>', 'why; kept in the audit log')
    .action(told(discard))
}

const withFilter = (command: Command): Command =>
  command
    .option('--service <name>', 'of this service')
    .option('--route <name>', 'of this route')
    .option('--since <time>', 'given up since: an age (15m, 2h, 3d), a date, or Unix ms')
    .option('--q <text>', 'this text is in the session, the route, the reason or the last error')

async function list({ service, route, since, q, limit, before, ...options }: ListOptions): Promise<void> {
  const page = await new OperatorsClient(options).get<{ letters: Letter[]; next?: string }>('api/dead-letters', {
    service,
    route,
    since,
    q,
    limit,
    before,
  })
  const more = page.next === undefined ? [] : [`more: --before ${page.next}`]
  print(options, page, [...letterLines(page.letters, Date.now()), ...more])
}

async function show(id: string, { service, ...options }: DiscardOptions): Promise<void> {
  const letter = await new OperatorsClient(options).get<WholeLetter>(`api/dead-letters/${encodeURIComponent(id)}`, { service })
  print(options, letter, wholeLetterLines(letter))
}

async function replay(ids: readonly string[], options: ReplayOptions): Promise<void> {
  const client = new OperatorsClient(options)
  const { dryRun, perSecond, deliver, reason, service } = options
  if (reason === undefined && dryRun !== true)
    throw new Error('--reason is missing: say why these letters are replayed, it is kept in the audit log')
  const what = ids.length > 0 ? { ids, service } : { filter: filterOf(options) }
  if (ids.length > 0 && (options.route ?? options.since ?? options.q ?? options.all) !== undefined)
    throw new Error('name ids or a filter (--service, --route, --since, --q, --all), not both')
  const rate = perSecond === undefined ? undefined : numberOf(perSecond, '--per-second')
  const answer = await client.post<Batch | DryRun>('api/dead-letters/replay', {
    ...what,
    dryRun,
    perSecond: rate,
    deliver,
    reason,
    edit: editOf(options),
  })
  if ('first' in answer) return print(options, answer, dryRunLines(answer, Date.now()))
  const batch = options.wait === true ? await waitFor(client, answer, options.json !== true) : answer
  const refusals = Object.entries(answer.refusals).map(
    ([id, why]) => `${id} was refused: ${why === 'underWay' ? 'another replay of it is under way' : why}`,
  )
  const follow = options.wait === true ? [] : [`follow it: causeway dlq replays ${answer.id}`]
  print(options, batch, [`replay ${batch.id} ${progressLine(batch)}`, ...missingLines(answer.missing ?? []), ...refusals, ...follow])
  if (options.wait === true && batch.failed + batch.refused > 0) process.exitCode = 1
}

function filterOf({ service, route, since, q, all }: ReplayOptions): object {
  if ((service ?? route ?? since ?? q ?? all) === undefined)
    throw new Error('nothing is named: give ids, or a filter (--service, --route, --since, --q), or --all')
  return { service, route, since, q, all }
}

function editOf({ toRoute, payload, payloadFile }: ReplayOptions): object | undefined {
  if (payload !== undefined && payloadFile !== undefined) throw new Error('--payload and --payload-file: expected one of the two')
  if ((toRoute ?? payload ?? payloadFile) === undefined) return undefined
  const payload64 = payloadFile === undefined ? undefined : readFileSync(payloadFile).toString('base64')
  return { route: toRoute, payload: payload === undefined ? undefined : jsonOf(payload), payload64 }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new Error(`--payload is no JSON (${(error as Error).message}): quote it, or give bytes by --payload-file`, { cause: error })
  }
}

function numberOf(text: string, flag: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new Error(`${flag} is ${JSON.stringify(text)}: expected a number`)
  return value
}

async function waitFor(client: OperatorsClient, begun: Batch, isTold: boolean): Promise<Batch> {
  let batch = begun
  let last = ''
  while (batch.state === 'running' || (batch.state === 'cancelled' && batch.waiting > 0)) {
    const line = progressLine(batch)
    if (isTold && line !== last) process.stderr.write(`${line}\n`)
    last = line
    await sleep(LOOK_MS)
    batch = await client.get<Batch>(`api/dead-letters/replays/${begun.id}`)
  }
  return batch
}

async function replays(id: string | undefined, options: CommonOptions): Promise<void> {
  const client = new OperatorsClient(options)
  if (id === undefined) {
    const answer = await client.get<{ replays: Batch[] }>('api/dead-letters/replays')
    return print(options, answer, batchLines(answer.replays, Date.now()))
  }
  const batch = await client.get<Batch>(`api/dead-letters/replays/${encodeURIComponent(id)}`)
  print(options, batch, batchLines([batch], Date.now()))
}

async function cancel(id: string, { reason, ...options }: DiscardOptions): Promise<void> {
  if (reason === undefined) throw new Error('--reason is missing: say why, it is kept in the audit log')
  const batch = await new OperatorsClient(options).post<Batch>(`api/dead-letters/replays/${encodeURIComponent(id)}/cancel`, { reason })
  print(options, batch, [`replay ${batch.id} ${progressLine(batch)}`])
}

async function discard(ids: readonly string[], { reason, service, ...options }: DiscardOptions): Promise<void> {
  if (reason === undefined) throw new Error('--reason is missing: say why these letters are discarded, it is kept in the audit log')
  const client = new OperatorsClient(options)
  const answer = await client.delete<{ discarded: string[]; underWay: string[]; missing: string[] }>('api/dead-letters', {
    ids,
    service,
    reason,
  })
  const { discarded, underWay, missing } = answer
  const stay = underWay.map(id => `${id} stays: a replay of it is under way`)
  print(options, answer, [`discarded ${discarded.length} of ${ids.length}`, ...stay, ...missingLines(missing)])
}

function print(options: CommonOptions, answer: object, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(answer)}\n` : `${lines.join('\n')}\n`)
}
