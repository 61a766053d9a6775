import { type ConfigDocument, readDuration } from '@causeway/config'
import type { KnownRoute, Picture } from '@causeway/registry'

/** The registry's picture with the timeouts and priorities that the central configuration gives routes: their workers take the same from it. */
export function configuredPicture(picture: Picture, { services = {} }: ConfigDocument): Picture {
  const changed = [...picture.routes.values()].flatMap(route => {
    const own = services[route.service]?.routes?.[route.name]
    return own?.timeout === undefined && own?.priority === undefined ? [] : [configured(route, own)]
  })
  if (changed.length === 0) return picture
  const routes = new Map(picture.routes)
  for (const route of changed) routes.set(route.name, route)
  return { ...picture, routes }
}

const configured = (
  route: KnownRoute,
  { timeout, priority }: { timeout?: number | string; priority?: KnownRoute['priority'] },
): KnownRoute => ({
  ...route,
  timeoutMs: timeout === undefined ? route.timeoutMs : readDuration(timeout),
  priority: priority ?? route.priority,
})
