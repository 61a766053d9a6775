import { readFileSync } from 'node:fs'
import { ConfigError, EXIT_CONFIG } from '@causeway/config/error'
import { Command, CommanderError } from 'commander'

/** Gives a command its arguments, options, commands of its own and action. */
type Equip = (command: Command) => void

interface KnownCommand {
  description: string
  /** What only one command needs is loaded with it: `causeway req` waits for neither gateway nor worker. */
  load(): Promise<Equip>
}

const COMMANDS: Readonly<Record<string, KnownCommand>> = {
  start: {
    description: 'starts gateway and worker in one process, embedded unless Kafka and Redis are named',
    load: async () => (await import('./serving.ts')).startCommand,
  },
  gateway: { description: 'starts a gateway', load: async () => (await import('./serving.ts')).gatewayCommand },
  worker: { description: 'starts a worker', load: async () => (await import('./serving.ts')).workerCommand },
  req: { description: 'sends one request and prints its answer', load: async () => (await import('./request.ts')).requestCommand },
  routes: {
    description: 'lists the routes of a running system, or of modules; these also as an AsyncAPI document or as types of a client',
    load: async () => (await import('./routes.ts')).routesCommand,
  },
  dlq: {
    description: 'dead letters: what was given up is listed, replayed or discarded',
    load: async () => (await import('./dlq.ts')).dlqCommand,
  },
  config: {
    description: 'the central configuration: read, changed while everything runs, taken back',
    load: async () => (await import('./config.ts')).configCommand,
  },
}

/** Commander's codes for a flag that is not known, or lacks its value: a wrong configuration as much as a wrong variable. */
const WRONG_USE = new Set(['commander.unknownOption', 'commander.optionMissingArgument'])

/** The `causeway` command. Errors go to stderr and to the exit status; 78 is a wrong configuration. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = await makeProgram(argv[0] === 'help' ? argv[1] : argv[0])
  // whoever reads the output has had enough: `causeway routes | head`
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = WRONG_USE.has(error.code) ? EXIT_CONFIG : error.exitCode
    else report(error)
  }
}

function report(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  for (const line of text.split('\n')) process.stderr.write(`causeway: ${line}\n`)
  process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1
  // what was opened before the error must not keep the process
  setTimeout(() => process.exit(), 1_000).unref()
}

/** All commands by name and description, and `called` with all it has. */
async function makeProgram(called: string | undefined): Promise<Command> {
  const program = new Command('causeway')
    .description('A durable request/reply gateway over TCP and WebSocket, on Kafka and Redis')
    .version(version())
    .exitOverride()
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(description)
    if (name === called) (await load())(command)
  }
  return program
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
