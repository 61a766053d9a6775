import type { Service } from '@causeway/consumers'
import { type LoadedModule, servicesOf, urlOf } from './module-graph.ts'

/** Modules by package name, path or URL; each default export is a service, or a list of them. */
export async function loadServices(modules: readonly string[]): Promise<Service[]> {
  const services: Service[] = []
  for (const name of modules) {
    services.push(...servicesOf(name, (await import(urlOf(name))) as LoadedModule))
  }
  return services
}
