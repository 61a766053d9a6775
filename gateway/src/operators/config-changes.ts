import type { CentralConfig, ProcessState, ProcessStates } from '@causeway/central-config'
import { type ConfigDocument, type Difference, differences, documentFaults, faultText, mergePatch, nearest } from '@causeway/config'
import type { Picture } from '@causeway/registry'
import { CONFIG_ASK_MS, CONFIG_SETTLE_MS, CONFIG_TRIES } from '../limits.ts'
import { OperatorProblem } from './operator-problem.ts'

/** A change of the central configuration, as an operator wants it. */
export interface Wanted {
  document?: ConfigDocument
  /** In place of a document: what is merged into the present one (RFC 7396). */
  patch?: unknown
  /** The version it was made from; undefined: whatever is the present one. */
  base?: number
  reason: string
  by: string
}

export interface Made {
  version: number
  changes: Difference[]
  /** What no process knows: it does nothing, and may be a slip. */
  warnings: string[]
  /** Processes that work by it, and those of which nothing was heard in time. */
  working: string[]
  pending: string[]
}

/** How a process stands, as operators are shown it. */
export interface ShownState extends Omit<ProcessState, 'version' | 'source'> {
  kind: 'gateway' | 'worker'
  service?: string
  host: string
  /** As it told; else as its lease says, a second late. */
  version: number
  source?: 'log' | 'disk'
}

/** Makes changes of the central configuration: checked, stored, and taken back where a process can't work by them. */
export class ConfigChanges {
  readonly #central: CentralConfig
  readonly #states: ProcessStates
  readonly #picture: () => Picture

  constructor(central: CentralConfig, states: ProcessStates, picture: () => Picture) {
    this.#central = central
    this.#states = states
    this.#picture = picture
  }

  /** What a change would come to. Throws where the document can't be used, or was made from another version. */
  plan(wanted: Wanted): { base: number; document: ConfigDocument; changes: Difference[]; warnings: string[] } {
    const present = this.#central.latest
    const base = wanted.base ?? present.version
    if (base !== present.version) throw this.#stale(base)
    const document = (wanted.document ?? mergePatch(present.document, wanted.patch)) as ConfigDocument
    const faults = documentFaults(document)
    if (faults.length > 0) {
      const detail = faults.length === 1 ? faultText(faults[0]!) : `${faults.length} things are wrong: ${faults.map(faultText).join('; ')}`
      throw new OperatorProblem('INVALID_CONFIG', detail, undefined, { faults })
    }
    return { base, document, changes: differences(present.document, document), warnings: this.#warnings(document) }
  }

  /** Resolves once every process works by it, or has not told in time. Throws where one refuses it: then the former version stands again. */
  async make(wanted: Wanted): Promise<Made> {
    for (let tries = 1; ; tries++) {
      const former = this.#central.latest
      const { base, document, changes, warnings } = this.plan(wanted)
      if (changes.length === 0) return { version: base, changes, warnings, ...this.#standing(base) }
      const { reason, by } = wanted
      const { accepted, version } = await this.#central.propose({ base, document, reason, by, at: Date.now() })
      if (accepted) {
        await this.#settled(version, former)
        return { version, changes, warnings, ...this.#standing(version) }
      }
      // whoever names no version means the present one, whichever that is
      if (wanted.base !== undefined || tries >= CONFIG_TRIES) throw this.#stale(base)
    }
  }

  /** Waits until every process has told that it works by a version, or does not. */
  async #settled(version: number, former: { version: number; document: ConfigDocument }): Promise<void> {
    const enough = (): boolean => this.#refuser(version) !== undefined || this.#standing(version).pending.length === 0
    if (!(await this.#states.until(enough, CONFIG_ASK_MS))) {
      await this.#states.ask().catch(() => {})
      await this.#states.until(enough, CONFIG_SETTLE_MS - CONFIG_ASK_MS)
    }
    const refuser = this.#refuser(version)
    if (refuser === undefined) return
    const { owner: process, reason: why } = refuser
    const reason = `taken back: ${process} can not work by version ${version}: ${why}`.slice(0, 500)
    const { document } = former
    const back = await this.#central.propose({ base: version, document, by: 'causeway', reason, at: Date.now() })
    const after = back.accepted
      ? `version ${former.version} stands again, as version ${back.version}`
      : `another change, version ${back.version}, has come since`
    throw new OperatorProblem('CONFIG_REFUSED', `${process} can not work by it: ${why}; ${after}`, undefined, {
      process,
      reason: why,
      refused: version,
      version: back.version,
    })
  }

  #refuser(version: number): ProcessState['refused'] {
    return this.#configured()
      .map(({ id }) => this.#states.of(id)?.refused)
      .find(refused => refused?.version === version)
  }

  #standing(version: number): { working: string[]; pending: string[] } {
    const ids = this.#configured().map(({ id }) => id)
    const works = (id: string): boolean => (this.#states.of(id)?.version ?? 0) >= version
    return { working: ids.filter(works), pending: ids.filter(id => !works(id)) }
  }

  /** Processes that work by the central configuration at all. */
  #configured() {
    const { gateways, workers } = this.#picture()
    return [...gateways, ...workers].filter(({ stats }) => stats.configVersion !== undefined)
  }

  /** Has all tell how they stand, and waits a moment for it. */
  async processes(): Promise<ShownState[]> {
    const ids = this.#configured().map(({ id }) => id)
    if (ids.some(id => this.#states.of(id) === undefined)) {
      await this.#states.ask().catch(() => {})
      await this.#states.until(() => ids.every(id => this.#states.of(id) !== undefined), CONFIG_ASK_MS)
    }
    return this.#configured().map(process => {
      const told = this.#states.of(process.id)
      const about = {
        process: process.id,
        kind: process.kind,
        host: process.host,
        ...(process.kind === 'worker' && { service: process.service }),
      }
      return { ...about, version: process.stats.configVersion, ...told }
    })
  }

  #warnings({ services = {} }: ConfigDocument): string[] {
    const known = [...this.#picture().routes.values()]
    const serviceNames = [...new Set(known.map(({ service }) => service))]
    return Object.entries(services).flatMap(([service, { routes = {} }]) => {
      if (!serviceNames.includes(service))
        return [`services/${service}: no worker has registered such a service${meant(service, serviceNames)}`]
      const names = known.filter(route => route.service === service).map(({ name }) => name)
      const strange = Object.keys(routes).filter(name => !names.includes(name))
      return strange.map(name => `services/${service}/routes/${name}: ${service} has no such route${meant(name, names)}`)
    })
  }

  #stale(base: number): OperatorProblem {
    const { version, by, reason } = this.#central.latest
    const detail = `it was made from version ${base}, and the present one is ${version} (by ${by || 'nobody'}: ${reason || 'none'}): look at that, and make it again`
    return new OperatorProblem('CONFLICT', detail, 'base', { version })
  }
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}
