import { ConfigError, documentFaults, EXIT_CONFIG, faultText, readDocument } from '@causeway/config'
import type { Command } from 'commander'
import { withConfigFlags } from './config-flags.ts'
import { keysOf, patchOf, valueAt } from './config-path.ts'
import { showConfig } from './config-show.ts'
import { changeLines, HISTORY, type MadeChange, madeLines, PROCESSES, type ToldProcess, type ToldVersion } from './config-text.ts'
import { OperatorsClient, told } from './operators-client.ts'
import { table } from './table.ts'

interface CommonOptions {
  url: string
  token?: string
  json?: boolean
}

interface ChangeOptions extends CommonOptions {
  reason?: string
  base?: string
}

interface ApplyOptions extends ChangeOptions {
  file: string
  dryRun?: boolean
}

interface Present {
  version: number
  document: unknown
}

/** `causeway config`: the central configuration by the operators' API of a gateway, and what a process would make of its own. */
export function configCommand(config: Command): void {
  const command = (usage: string, description: string): Command =>
    config
      .command(usage)
      .description(description)
      .option('--url <url>', "operators' address of a gateway", 'http://127.0.0.1:7402')
      .option('--token <token>', 'token of an operator (CAUSEWAY_ADMIN_TOKEN)')
      .option('--json', 'prints what the gateway answers, as JSON')
  const change = (usage: string, description: string): Command =>
    command(usage, description)
      .option('--reason <text>', 'why; kept with the version')
      .option('--base <version>', 'the version that this was made from: refused where another came since')
  command('get [path]', 'prints the document, or what it has at a path like gateway.window')
    .option('--at <version>', 'of a former version')
    .action(told(get))
  change('set <path> <value>', 'sets one value, JSON or a text').action(told(set))
  change('unset <path>', 'takes one key away').action(told(unset))
  change('apply', 'puts a whole document in the place of the present one')
    .requiredOption('-f, --file <file>', 'YAML or JSON; - for standard input')
    .option('--dry-run', 'only says what would change')
    .action(told(apply))
  command('history', 'lists versions, newest first: when, who, why')
    .option('--limit <n>', 'how many', '20')
    .option('--before <version>', 'those below it')
    .action(told(history))
  change('rollback <version>', 'makes a former version the present one again, as a new version').action(told(rollback))
  command('status', 'lists processes and the version that each works by; exit status 1 where one does not work by the present one').action(
    told(status),
  )
  config
    .command('check')
    .description('checks a document, with no gateway asked; exit status 78 where something is wrong')
    .requiredOption('-f, --file <file>', 'YAML or JSON; - for standard input')
    .option('--json', 'prints what is wrong as JSON')
    .action(check)
  withConfigFlags(config.command('show'))
    .description(
      'prints what a process would make of flags, environment and file here, and where each value comes from; secrets are hidden',
    )
    .option('--role <role>', 'gateway or worker: with --url, what the central configuration changes of it', 'gateway')
    .option('--url <url>', "operators' address of a gateway: takes its central configuration into account")
    .option('--token <token>', 'token of an operator (CAUSEWAY_ADMIN_TOKEN)')
    .option('--json', 'prints keys, values and origins as JSON')
    .action(showConfig)
}

const say = (lines: readonly string[]): boolean => process.stdout.write(lines.map(line => `${line}\n`).join(''))

const answer = (options: CommonOptions, answered: object, lines: () => readonly string[]): boolean =>
  say(options.json === true ? [JSON.stringify(answered)] : lines())

async function get(path: string | undefined, options: CommonOptions & { at?: string }): Promise<void> {
  const call = options.at === undefined ? '/api/config' : `/api/config/versions/${encodeURIComponent(options.at)}`
  const present = await new OperatorsClient(options).get<Present>(call)
  if (path === undefined) {
    answer(options, present, () => [JSON.stringify(present.document, undefined, 2)])
    return
  }
  const value = valueAt(present.document, keysOf(path))
  if (value === undefined) throw new Error(`version ${present.version} has nothing at ${path}`)
  say([JSON.stringify(value, undefined, options.json === true ? 0 : 2)])
}

const set = (path: string, text: string, options: ChangeOptions): Promise<void> => patched(path, parsed(text), options)
const unset = (path: string, options: ChangeOptions): Promise<void> => patched(path, null, options)

async function patched(path: string, value: unknown, options: ChangeOptions): Promise<void> {
  const body = { patch: patchOf(keysOf(path), value), ...changeOf(options) }
  const made = await new OperatorsClient(options).put<MadeChange>('/api/config', body)
  answer(options, made, () => madeLines(made))
}

async function apply(options: ApplyOptions): Promise<void> {
  const document = checked(options.file)
  const client = new OperatorsClient(options)
  if (options.dryRun === true) {
    const planned = await client.put<MadeChange>('/api/config', { document, dryRun: true, base: baseOf(options) })
    const lines = changeLines(planned.changes)
    answer(options, planned, () => [
      ...lines,
      ...planned.warnings.map(warning => `warning: ${warning}`),
      ...(lines.length === 0 ? ['nothing to change'] : []),
    ])
    return
  }
  const made = await client.put<MadeChange>('/api/config', { document, ...changeOf(options) })
  answer(options, made, () => madeLines(made))
}

async function history(options: CommonOptions & { limit: string; before?: string }): Promise<void> {
  const { limit, before } = options
  const page = await new OperatorsClient(options).get<{ versions: ToldVersion[]; next?: number }>('/api/config/history', { limit, before })
  const more = page.next === undefined ? [] : [`older ones: --before ${page.next}`]
  answer(options, page, () => (page.versions.length === 0 ? ['no version yet'] : [...table(page.versions, HISTORY), ...more]))
}

async function rollback(version: string, options: ChangeOptions): Promise<void> {
  const made = await new OperatorsClient(options).post<MadeChange>('/api/config/rollback', {
    version: numberOf(version, 'version'),
    ...changeOf(options),
  })
  answer(options, made, () => madeLines(made))
}

async function status(options: CommonOptions): Promise<void> {
  const told = await new OperatorsClient(options).get<{ version: number; processes: ToldProcess[] }>('/api/config/processes')
  answer(options, told, () => [`version ${told.version}`, ...table(told.processes, PROCESSES)])
  if (told.processes.some(({ version }) => version !== told.version)) process.exitCode = 1
}

function check(options: { file: string; json?: boolean }): void {
  const faults = documentFaults(readDocument(options.file))
  if (faults.length > 0) process.exitCode = EXIT_CONFIG
  if (options.json === true) say([JSON.stringify({ faults })])
  else if (faults.length > 0) throw new ConfigError(faults.map(faultText))
  else say([`${options.file} can be used`])
}

function checked(file: string): unknown {
  const document = readDocument(file)
  const faults = documentFaults(document)
  if (faults.length > 0) throw new ConfigError(faults.map(faultText))
  return document
}

/** JSON, or the text itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const baseOf = ({ base }: ChangeOptions): number | undefined => (base === undefined ? undefined : numberOf(base, '--base'))

function changeOf(options: ChangeOptions): { reason: string; base: number | undefined } {
  if (options.reason === undefined) throw new Error('--reason is missing: say why, it is kept with the version')
  return { reason: options.reason, base: baseOf(options) }
}

function numberOf(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${what} is ${JSON.stringify(text)}: expected the number of a version`)
  return Number(text)
}
