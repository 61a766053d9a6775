import { type ResolveFnOutput, type ResolveHookContext, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Service } from '@causeway/consumers'

export interface LoadedModule {
  default?: Service | Service[]
}

/** What a reloaded module's URL carries, so that it is another module than before. */
const PARAMETER = 'causeway-reload'
/** The same, wherever a text names such a URL. */
export const VERSIONS = new RegExp(`\\?${PARAMETER}=\\d+`, 'g')
const RELATIVE = /^\.{1,2}\//

/**
 * Loads modules again and again, each time with all that they import by relative paths: what is imported by a package's name is loaded once, for it is
 * not what is being written. Former versions stay in memory until the process ends. Node's module hooks (node:module, registerHooks).
 */
export class ModuleGraph {
  readonly #entries: readonly string[]
  /** URLs without parameters: the entries, and what they import. */
  readonly #urls = new Set<string>()
  readonly #hooks: { deregister(): void }
  #version = 0

  /** By path, URL or package name, as `import` takes them. */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(urlOf)
    this.#hooks = registerHooks({
      resolve: (specifier, context, next) => {
        const resolved = this.#resolved(specifier, context, next)
        if (!resolved.url.startsWith('file:') || !this.#isOurs(specifier, context.parentURL)) return resolved
        const plain = plainUrl(resolved.url)
        this.#urls.add(plain)
        return this.#version === 0 ? resolved : { ...resolved, url: `${plain}?${PARAMETER}=${this.#version}` }
      },
    })
  }

  /** Paths of what has been loaded. */
  get files(): string[] {
    return [...this.#urls].map(url => fileURLToPath(url))
  }

  /** The entries' modules, in order. Rejects where one does not load; the next call loads all of them anew. */
  async load<Module>(): Promise<Module[]> {
    const modules: Module[] = []
    for (const entry of this.#entries) modules.push((await import(entry)) as Module)
    return modules
  }

  /** What load() gives from now on is other modules than before. */
  renew(): void {
    this.#version++
  }

  close(): void {
    this.#hooks.deregister()
  }

  /** A file that is not there yet is watched, too: it may come. */
  #resolved(
    specifier: string,
    context: ResolveHookContext,
    next: (specifier: string, context: ResolveHookContext) => ResolveFnOutput,
  ): ResolveFnOutput {
    try {
      return next(specifier, context)
    } catch (error) {
      const { parentURL } = context
      if (RELATIVE.test(specifier) && this.#isOurs(specifier, parentURL)) this.#urls.add(plainUrl(new URL(specifier, parentURL).href))
      throw error
    }
  }

  #isOurs(specifier: string, parent: string | undefined): boolean {
    if (RELATIVE.test(specifier)) return parent !== undefined && this.#urls.has(plainUrl(parent))
    return this.#entries.includes(specifier)
  }
}

const plainUrl = (url: string): string => url.split('?', 1)[0]

/** A path becomes a URL; a package's name stays. */
export const urlOf = (name: string): string =>
  /^[./]|\.[cm]?[jt]s$/.test(name) && !name.startsWith('file:') ? pathToFileURL(name).href : name

/** Its default export is a service, or a list of them; throws where it is neither. */
export function servicesOf(name: string, { default: exported }: LoadedModule): Service[] {
  const found = [exported ?? []].flat()
  if (found.length === 0 || found.some(each => typeof each?.name !== 'string' || !Array.isArray(each.routes)))
    throw new Error(`module ${name}: expected a default export made by service(name, [routes])`)
  return found
}
