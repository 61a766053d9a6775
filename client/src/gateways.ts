/** Which gateway to connect to: one of those named, or of those that a gateway's directory tells (GET /v1/services). */
import { DIRECTORY_FRESH_MS, DIRECTORY_TIMEOUT_MS, GATEWAY_AVOIDED_MS } from './limits.ts'
import type { Balance } from './options.ts'

/** A gateway to choose from. */
export interface GatewayChoice {
  url: URL
  /** Share of connections; 0 where it drains. */
  weight: number
  connections: number
}

interface Told {
  gateways: { host: string; tcpPort: number; httpPort: number; weight: number; connections: number }[]
}

export interface GatewaysOptions {
  balance: Balance
  /** Address of a directory; undefined where the addresses are all there is. */
  discover: URL | undefined
  random: () => number
}

/**
 * Chooses a gateway for each connection. One that was left, or that could not be reached, is not chosen for a while where there is another; nor is one that
 * drains. While the directory can't be read, what it told last holds, and before that the addresses.
 */
export class Gateways {
  readonly #addresses: readonly URL[]
  readonly #options: GatewaysOptions
  #choices: readonly GatewayChoice[]
  #readAt = Number.NEGATIVE_INFINITY
  #turn: number
  /** By address, monotonic ms until which it is avoided. */
  readonly #avoided = new Map<string, number>()

  constructor(addresses: readonly URL[], options: GatewaysOptions) {
    this.#addresses = addresses
    this.#options = options
    this.#choices = addresses.map(url => ({ url, weight: 1, connections: 0 }))
    this.#turn = Math.floor(options.random() * addresses.length)
  }

  /** For people. */
  get names(): string {
    return this.#choices.map(({ url }) => url.host).join(', ')
  }

  async choose(token: string | undefined, signal: AbortSignal): Promise<URL> {
    await this.#refresh(token, signal)
    const now = performance.now()
    for (const [address, until] of this.#avoided) if (until <= now) this.#avoided.delete(address)
    const open = preferred(this.#choices, ({ weight }) => weight > 0)
    return this.#pick(preferred(open, ({ url }) => !this.#avoided.has(url.href))).url
  }

  /** Its connection could not be opened, or has ended. */
  left(url: URL): void {
    this.#avoided.set(url.href, performance.now() + GATEWAY_AVOIDED_MS)
  }

  #pick(choices: readonly GatewayChoice[]): GatewayChoice {
    const { balance, random } = this.#options
    switch (balance) {
      case 'round-robin':
        return choices[this.#turn++ % choices.length]
      case 'random':
        return choices[Math.floor(random() * choices.length)]
      case 'weighted':
        return weighted(choices, random())
      case 'least-loaded':
        return leastLoaded(choices, random)
    }
  }

  async #refresh(token: string | undefined, signal: AbortSignal): Promise<void> {
    const { discover } = this.#options
    if (discover === undefined || performance.now() - this.#readAt < DIRECTORY_FRESH_MS) return
    try {
      const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` }
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DIRECTORY_TIMEOUT_MS)])
      const response = await fetch(discover, { headers, signal: limit })
      const { gateways } = (await response.json()) as Told
      this.#readAt = performance.now()
      if (gateways.length > 0) this.#choices = gateways.map(told => this.#choiceOf(told))
    } catch {
      // the last ones, or the addresses, hold; what keeps a connection from them is told by the connection
      signal.throwIfAborted()
    }
  }

  /** With the protocol and path of the first address. */
  #choiceOf({ host, tcpPort, httpPort, weight, connections }: Told['gateways'][number]): GatewayChoice {
    const url = new URL(this.#addresses[0])
    url.hostname = host
    url.port = String(url.protocol === 'tcp:' ? tcpPort : httpPort)
    return { url, weight, connections }
  }
}

/** Those that fit; all where none does. */
function preferred(choices: readonly GatewayChoice[], fits: (choice: GatewayChoice) => boolean): readonly GatewayChoice[] {
  const those = choices.filter(fits)
  return those.length > 0 ? those : choices
}

function weighted(choices: readonly GatewayChoice[], share: number): GatewayChoice {
  const whole = choices.reduce((sum, { weight }) => sum + weight, 0)
  let left = share * whole
  for (const choice of choices) {
    left -= choice.weight
    if (left < 0) return choice
  }
  return choices[choices.length - 1]
}

/** The fewest connections for its weight; among equals by chance, so that not all who see the same go to one. */
function leastLoaded(choices: readonly GatewayChoice[], random: () => number): GatewayChoice {
  const load = ({ connections, weight }: GatewayChoice): number => connections / Math.max(weight, 1)
  const least = Math.min(...choices.map(load))
  const those = choices.filter(choice => load(choice) === least)
  return those[Math.floor(random() * those.length)]
}
