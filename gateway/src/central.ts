import { type Central, type CentralConfig, ProcessStates } from '@causeway/central-config'
import type { Channels } from '@causeway/channels'
import type { Config } from '@causeway/config'
import type { Picture, RouteTable } from '@causeway/registry'
import { configuredPicture } from './central-routes.ts'
import { HotSettings } from './hot-settings.ts'
import { HotListeners } from './listeners/hot-listeners.ts'
import type { ListenerPorts } from './listeners/listener-ports.ts'
import type { ConfigApiOptions } from './operators/config-api.ts'

export interface GatewayCentralOptions {
  gateway: string
  central: Central | undefined
  channels: Channels
  /** Changed as the central configuration changes. */
  config: Config
  routes: RouteTable
  /** The registry's. */
  picture: () => Picture
  /** What does not read the settings where it needs them is told of others. */
  settled: () => void
}

/** The central configuration at work in a gateway; where there is none, nothing of it. */
export class GatewayCentral {
  readonly #options: GatewayCentralOptions
  readonly #states: ProcessStates
  /** What ends its parts. */
  readonly #detach: (() => void)[] = []

  constructor(options: GatewayCentralOptions) {
    this.#options = options
    this.#states = new ProcessStates(options.channels)
  }

  get config(): CentralConfig | undefined {
    return this.#options.central?.config
  }

  /** Routes as the registry and the central configuration have them. */
  configured(picture: Picture): Picture {
    return configuredPicture(picture, this.config?.document ?? {})
  }

  /** The registry's picture, so configured. */
  readonly picture = (): Picture => this.configured(this.#options.picture())

  /** For the operators' API. */
  get api(): ConfigApiOptions | undefined {
    return this.config && { central: this.config, states: this.#states, picture: this.#options.picture }
  }

  /** For the lease; by it operators' changes know whom to wait for. */
  get figures(): { configVersion?: number } {
    return this.config === undefined ? {} : { configVersion: this.config.version }
  }

  /** Before any port is open: who may connect, and to which track, is settled by then. */
  async settle(): Promise<void> {
    const { gateway, central, config, settled } = this.#options
    if (central === undefined) return
    await this.#states.start()
    this.#detach.push(await central.config.attach(new HotSettings(gateway, central.settings, config, settled)))
    this.#detach.push(central.config.watch(() => this.#weigh()))
  }

  /** Once ports are open; one that another program has keeps no gateway from starting. */
  async open(ports: ListenerPorts): Promise<void> {
    const { gateway, central } = this.#options
    if (central === undefined) return
    this.#detach.push(await central.config.attach(new HotListeners(gateway, central.settings, ports)))
  }

  #weigh(): void {
    const { routes } = this.#options
    routes.setTracks(this.config!.document.services ?? {})
    routes.follow(this.picture())
  }

  /** Nothing is changed any more. */
  leave(): void {
    for (const detach of this.#detach) detach()
  }

  async close(): Promise<void> {
    await this.#states.close()
  }
}
