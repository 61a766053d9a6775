import { userInfo } from 'node:os'

export interface OperatorsOptions {
  url: string
  token?: string
}

/** What a gateway said no with. */
export class OperatorsError extends Error {
  override readonly name = 'OperatorsError'
  /** The body of the refusal. */
  readonly problem: Readonly<Record<string, unknown>>

  constructor(text: string, problem: Readonly<Record<string, unknown>>) {
    super(text)
    this.problem = problem
  }
}

/** How long a call may take, ms: longer than the gateway's own limit. */
const CALL_MS = 30_000

/** Calls of the operators' API, in the name of this machine's user. */
export class OperatorsClient {
  readonly #base: URL
  readonly #authorization: string

  /** The token is CAUSEWAY_ADMIN_TOKEN where the options have none. Throws where the URL is none. */
  constructor({ url, token = process.env.CAUSEWAY_ADMIN_TOKEN ?? '' }: OperatorsOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new Error(`--url is ${JSON.stringify(url)}: expected the operators' address of a gateway, like http://127.0.0.1:7402`)
    this.#base = new URL(url)
    this.#authorization = `Basic ${Buffer.from(`${userName()}:${token}`).toString('base64')}`
  }

  get<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
    return this.#call('GET', search.size === 0 ? path : `${path}?${search}`)
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.#call('POST', path, body)
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#call('PUT', path, body)
  }

  delete<T>(path: string, body: object): Promise<T> {
    return this.#call('DELETE', path, body)
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { authorization: this.#authorization }
    if (body !== undefined) headers['content-type'] = 'application/json'
    let response: Response
    try {
      response = await fetch(new URL(path, this.#base), {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(CALL_MS),
      })
    } catch (error) {
      const { cause, message } = error as Error
      const why = cause instanceof Error && cause.message !== '' ? cause.message : message
      throw new Error(`no gateway answers at ${this.#base.origin} (${why}): is one running, and is this its operators' port? (--url)`, {
        cause: error,
      })
    }
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>
    if (!response.ok) throw new OperatorsError(String(answer.detail ?? answer.title ?? `${response.status} ${response.statusText}`), answer)
    return answer as T
  }
}

function userName(): string {
  try {
    return userInfo().username.replaceAll(':', '')
  } catch {
    return ''
  }
}

/** With --json a refusal is printed as it came. */
export function told<A extends unknown[]>(action: (...given: A) => Promise<void>): (...given: A) => Promise<void> {
  return async (...given) => {
    try {
      await action(...given)
    } catch (error) {
      const { json } = given.at(-2) as { json?: boolean }
      if (!(error instanceof OperatorsError) || json !== true) throw error
      process.stderr.write(`${JSON.stringify(error.problem)}\n`)
      process.exitCode = 1
    }
  }
}
