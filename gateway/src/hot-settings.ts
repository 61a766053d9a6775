import type { ConfigPart, Prepared } from '@causeway/central-config'
import { type Config, type ConfigDocument, type ConfigKey, hotKeys, overlay, type Settings } from '@causeway/config'

/**
 * A gateway's settings as the central configuration changes them: written into the object that all of it reads. What is settled with a connection when it is
 * opened (its window as told, keep-alive, send buffer) stays as it was there.
 */
export class HotSettings implements ConfigPart {
  readonly owner: string
  readonly #settings: Settings
  readonly #config: Config
  readonly #changed: () => void
  #overridden: readonly ConfigKey[] = []

  /** `config` is the one that is changed; `changed` says that it was. */
  constructor(owner: string, settings: Settings, config: Config, changed: () => void) {
    this.owner = owner
    this.#settings = settings
    this.#config = config
    this.#changed = changed
  }

  readonly overridden = (): readonly ConfigKey[] => this.#overridden

  prepare(document: ConfigDocument): Prepared {
    const { config, overridden } = overlay(this.#settings, document, 'gateway')
    const values = Object.fromEntries(hotKeys('gateway').flatMap(name => (name === 'listeners' ? [] : [[name, config[name]]])))
    return {
      commit: () => {
        Object.assign(this.#config, values)
        this.#overridden = overridden
        this.#changed()
      },
    }
  }
}
