import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A change of the product's source as it is loaded, to show that a run finds it. `find` must be there exactly once. */
export interface SourceChange {
  /** The file, by its path in the repository. */
  file: string
  find: string
  replace: string
}

const root = new URL('../../../', import.meta.url).href
const driver = (name: string): string => new URL(`./drivers/${name}.ts`, import.meta.url).href

/** Modules that reach out of the process, and what stands for them. By the specifier that the product imports. */
const DRIVERS: Readonly<Record<string, string>> = {
  'node:net': driver('net'),
  'node:crypto': driver('crypto'),
  'node:timers/promises': driver('timers-promises'),
  ioredis: driver('ioredis'),
  kafkajs: driver('kafkajs'),
  bullmq: driver('bullmq'),
  'prom-client': driver('prom-client'),
  '../http/http-server.ts': driver('http-servers'),
  './operators/admin-server.ts': driver('http-servers'),
  './flight-sender-platformatic.ts': driver('platformatic'),
  './kafka-follower.ts': driver('platformatic'),
}
const PRODUCT = /^(gateway|consumers|client|shared\/[\w-]+)\/src\//

/**
 * Gives the product its simulated surroundings: whatever of it is imported from now on finds drivers in place of sockets, timers, chance,
 * Redis, Kafka and BullMQ. Its own code is loaded as it is, but for `changes`.
 */
export function loadProductSimulated(changes: readonly SourceChange[] = []): void {
  for (const change of changes) check(change)
  registerHooks({
    resolve(specifier, context, next) {
      const found = DRIVERS[specifier]
      if (found !== undefined && isProduct(context.parentURL)) return { url: found, format: 'module-typescript', shortCircuit: true }
      return next(specifier, context)
    },
    load(url, context, next) {
      const loaded = next(url, context)
      const ours = changes.filter(({ file }) => url === root + file)
      if (ours.length === 0) return loaded
      const source = ours.reduce((text, { find, replace }) => text.replace(find, () => replace), String(loaded.source))
      return { ...loaded, source }
    },
  })
}

const isProduct = (url: string | undefined): boolean => url?.startsWith(root) === true && PRODUCT.test(url.slice(root.length))

function check({ file, find }: SourceChange): void {
  const found = readFileSync(fileURLToPath(root + file), 'utf8').split(find).length - 1
  if (found !== 1) throw new Error(`${file} has ${JSON.stringify(find)} ${found} times, expected once: the change has to follow the source`)
}
