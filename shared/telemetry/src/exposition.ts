import { Registry } from 'prom-client'
import { Metrics } from './metrics.ts'

/** Metrics as a text of the format: of this process, or of others. */
export interface MetricsText {
  text(): Promise<string>
}

/**
 * All metrics of one process, and of those for which it speaks, as one page of Prometheus's text format, Node's own with the first. A name that several have gets one HELP and one TYPE line
 * with the samples of all behind it, as the format demands.
 */
export class Exposition {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #parts: readonly MetricsText[]

  /** What is a text alone comes behind this process's own. */
  constructor(parts: readonly MetricsText[]) {
    if (parts[0] instanceof Metrics) parts[0].tellProcess()
    this.#parts = parts
  }

  async text(): Promise<string> {
    const texts = await Promise.all(this.#parts.map(part => part.text()))
    return texts.length === 1 ? texts[0]! : merged(texts)
  }
}

function merged(texts: readonly string[]): string {
  /** By name: its two lines of description, then its samples. */
  const families = new Map<string, string[]>()
  for (const text of texts) {
    let family: string[] = []
    for (const line of text.split('\n')) {
      const [, keyword, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
      if (keyword === 'HELP') {
        const known = families.get(name!)
        family = known ?? []
        families.set(name!, family)
        if (known === undefined) family.push(line)
      } else if (keyword === 'TYPE') {
        if (family.length === 1) family.push(line)
      } else if (line !== '') family.push(line)
    }
  }
  return `${[...families.values()].map(lines => lines.join('\n')).join('\n')}\n`
}
