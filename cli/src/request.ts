import { CausewayError, connect } from '@causeway/client'

interface RequestOptions {
  url: string
  timeout: string
  token?: string
  json?: boolean
}

/** `causeway req`: one request, its answer on stdout; a stream's values come a line each. Exit status 1 with the error on stderr. */
export async function request(route: string, payload: string | undefined, options: RequestOptions): Promise<void> {
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
