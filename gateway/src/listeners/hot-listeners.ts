import type { ConfigPart, Prepared } from '@causeway/central-config'
import { type ConfigDocument, overlay, type Settings } from '@causeway/config'
import type { ListenerPorts } from './listener-ports.ts'

/** The listeners of dialects as the central configuration has them: opened before a version is taken, and closed with it. */
export class HotListeners implements ConfigPart {
  readonly owner: string
  readonly #settings: Settings
  readonly #ports: ListenerPorts

  constructor(owner: string, settings: Settings, ports: ListenerPorts) {
    this.owner = owner
    this.#settings = settings
    this.#ports = ports
  }

  prepare(document: ConfigDocument): Promise<Prepared> {
    return this.#ports.prepare(overlay(this.#settings, document, 'gateway').config)
  }
}
