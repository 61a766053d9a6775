import type { SourceChange } from './hooks.ts'
import { loadProductSimulated } from './hooks.ts'

/** The product's own code, loaded into its simulated surroundings. */
export interface Product {
  gateway: typeof import('@causeway/gateway')
  consumers: typeof import('@causeway/consumers')
  backends: typeof import('@causeway/backends')
  config: typeof import('@causeway/config')
}

let loaded: Promise<Product> | undefined

/** Once a process: what is imported stays as it was imported, `changes` included. */
export function loadProduct(changes: readonly SourceChange[] = []): Promise<Product> {
  loaded ??= importProduct(changes)
  return loaded
}

async function importProduct(changes: readonly SourceChange[]): Promise<Product> {
  loadProductSimulated(changes)
  const [gateway, consumers, backends, config] = await Promise.all([
    import('@causeway/gateway'),
    import('@causeway/consumers'),
    import('@causeway/backends'),
    import('@causeway/config'),
  ])
  return { gateway, consumers, backends, config }
}
