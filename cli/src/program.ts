import { ConfigError, EXIT_CONFIG } from '@causeway/config'
import { GATEWAY_VERSION } from '@causeway/gateway'
import { Command, CommanderError } from 'commander'
import { addConfigCommand } from './config.ts'
import { withConfigFlags } from './config-flags.ts'
import { addDlqCommand } from './dlq.ts'
import { serveGateway, serveWorker, startEmbedded } from './processes.ts'
import { request } from './request.ts'
import { addRoutesCommand } from './routes.ts'

/** Commander's codes for a flag that is not known, or lacks its value: a wrong configuration as much as a wrong variable. */
const WRONG_USE = new Set(['commander.unknownOption', 'commander.optionMissingArgument'])

/** The `causeway` command. Errors go to stderr and to the exit status; 78 is a wrong configuration. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = makeProgram()
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

function makeProgram(): Command {
  const program = new Command('causeway')
    .description('A durable request/reply gateway over TCP and WebSocket, on Kafka and Redis')
    .version(GATEWAY_VERSION)
    .exitOverride()
  withConfigFlags(program.command('start'))
    .description('starts gateway and worker in one process, embedded unless Kafka and Redis are named; the demo where no module is')
    .argument('[modules...]', 'modules whose default export is a service')
    .option('--json', 'prints the addresses as JSON')
    .option('--watch', 'for development: serves the modules anew when they change')
    .action(startEmbedded)
  withConfigFlags(program.command('gateway'))
    .description('starts a gateway')
    .option('--json', 'prints the addresses as JSON')
    .action(serveGateway)
  withConfigFlags(program.command('worker'))
    .description('starts a worker')
    .argument('<modules...>', 'modules whose default export is a service')
    .option('--json', 'prints the address as JSON')
    .option('--watch', 'for development: serves the modules anew when they change')
    .action(serveWorker)
  program
    .command('req')
    .description('sends one request and prints its answer')
    .argument('<route>', 'name or opcode of the route')
    .argument('[payload]', 'JSON; a text that is no JSON is sent as bytes')
    .option('--url <url>', 'tcp:// or ws:// address of a gateway', 'tcp://127.0.0.1:7400')
    .option('--timeout <ms>', 'how long the answer is waited for', '10000')
    .option('--token <token>', 'token for the handshake')
    .option('--json', 'prints errors as JSON too')
    .action(request)
  addRoutesCommand(program)
  addDlqCommand(program)
  addConfigCommand(program)
  return program
}
