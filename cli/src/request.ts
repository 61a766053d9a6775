import { CausewayError, connect } from '@causeway/client'
import type { Command } from 'commander'

interface RequestOptions {
  url: string
  timeout: string
  token?: string
  json?: boolean
}

/** `causeway req` */
export function requestCommand(command: Command): void {
  command
    .argument('<route>', 'name or opcode of the route')
    .argument('[payload]', 'JSON; a text that is no JSON is sent as bytes')
    .option('--url <url>', 'tcp:// or ws:// address of a gateway', 'tcp://127.0.0.1:7400')
    .option('--timeout <ms>', 'how long the answer is waited for', '10000')
    .option('--token <token>', 'token for the handshake')
    .option('--json', 'prints errors as JSON too')
    .action(request)
}

/** One request, its answer on stdout; a stream's values come a line each. Exit status 1 with the error on stderr. */
async function request(route: string, payload: string | undefined, options: RequestOptions): Promise<void> {
  const timeout = Number(options.timeout)
  if (!Number.isInteger(timeout) || timeout <= 0) throw new Error(`--timeout is ${options.timeout}: expected a whole number of ms`)
  const { token } = options
  try {
    await using client = await connect(options.url, { token: token === undefined ? undefined : async () => token, connectTimeout: timeout })
    const target = /^\d+$/.test(route) ? Number(route) : route
    for await (const value of client.stream(target, readPayload(payload), { timeout })) print(value)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    const { code, number, detail } = error
    process.stderr.write(
      options.json ? `${JSON.stringify({ code, number, detail })}\n` : `causeway: ${code}${number > 0 ? ` (${number})` : ''}: ${detail}\n`,
    )
    process.exitCode = 1
  }
}

function readPayload(text: string | undefined): unknown {
  if (text === undefined) return new Uint8Array(0)
  try {
    return JSON.parse(text) as unknown
  } catch {
    return new TextEncoder().encode(text)
  }
}

function print(value: unknown): void {
  if (value instanceof Uint8Array) {
    process.stdout.write(value)
    process.stdout.write('\n')
  } else process.stdout.write(`${JSON.stringify(value)}\n`)
}
