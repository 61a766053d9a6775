import { type FrameName, frameName } from './frame-name.ts'
import { IDLE, type Profile, type ProfileNode, selfTimes } from './profile.ts'

/** A function called from where it stands in the tree, with all that it called. */
export interface Flame extends FrameName {
  /** In the function itself, µs. */
  selfUs: number
  /** In it and what it called, µs. */
  totalUs: number
  /** The longest first. */
  children: Flame[]
}

/** A profile as one tree, what was called alike in one frame. Without the time in which nothing ran. */
export function foldProfile(profile: Profile, name: string): Flame {
  const times = selfTimes(profile)
  const byId = new Map(profile.nodes.map(node => [node.id, node]))
  const called = new Set(profile.nodes.flatMap(({ children = [] }) => children))
  const tops = profile.nodes.filter(({ id }) => !called.has(id)).flatMap(({ children = [] }) => children)
  const nodes = tops.map(id => byId.get(id)!).filter(({ callFrame }) => callFrame.functionName !== IDLE)
  return { group: '', place: name, ...summed(0, flamesOf(nodes, name, byId, times)) }
}

function flamesOf(
  nodes: readonly ProfileNode[],
  caller: string,
  byId: ReadonlyMap<number, ProfileNode>,
  times: ReadonlyMap<number, number>,
): Flame[] {
  const alike = Map.groupBy(nodes, ({ callFrame }) => `${callFrame.url}:${callFrame.lineNumber}:${callFrame.functionName}`)
  return [...alike.values()].map(same => {
    const self = same.reduce((sum, { id }) => sum + (times.get(id) ?? 0), 0)
    const callees = same.flatMap(({ children = [] }) => children).map(id => byId.get(id)!)
    const { callFrame } = same[0]
    return { ...frameName(callFrame, caller), ...summed(self, flamesOf(callees, callFrame.functionName, byId, times)) }
  })
}

function summed(selfUs: number, all: readonly Flame[]): Pick<Flame, 'selfUs' | 'totalUs' | 'children'> {
  const children = all.filter(({ totalUs }) => totalUs > 0).toSorted((a, b) => b.totalUs - a.totalUs)
  return { selfUs, totalUs: children.reduce((sum, { totalUs }) => sum + totalUs, selfUs), children }
}

/** The same tree without what is too short to be seen: calls below `leastUs` are merged into one frame that tells how many they are. */
export function pruned(flame: Flame, leastUs: number): Flame {
  const { children, ...own } = flame
  const kept = children.filter(({ totalUs }) => totalUs >= leastUs).map(child => pruned(child, leastUs))
  const rest = children.filter(({ totalUs }) => totalUs < leastUs)
  const restUs = rest.reduce((sum, { totalUs }) => sum + totalUs, 0)
  if (restUs >= leastUs) kept.push({ group: '', place: `${rest.length} others`, selfUs: restUs, totalUs: restUs, children: [] })
  return { ...own, children: kept }
}

/** Frames above each other, at most. */
export const depthOf = ({ children }: Flame): number => 1 + Math.max(0, ...children.map(depthOf))

/** What a function cost wherever it was called, or all of a package. */
export interface Cost {
  name: string
  /** Shares of the time in which anything ran. */
  self: number
  total: number
}

/** Functions and packages of a tree by what they cost themselves, the most first. A function that calls itself counts once. */
export function costs(root: Flame): { functions: Cost[]; groups: Cost[] } {
  const functions = new Map<string, Cost>()
  const groups = new Map<string, Cost>()
  const add = (all: Map<string, Cost>, name: string, self: number, total: number): void => {
    const cost = all.get(name) ?? { name, self: 0, total: 0 }
    all.set(name, cost)
    cost.self += self / root.totalUs
    cost.total += total / root.totalUs
  }
  const visit = (flame: Flame, above: ReadonlySet<string>): void => {
    const name = titleOf(flame)
    add(functions, name, flame.selfUs, above.has(name) ? 0 : flame.totalUs)
    add(groups, flame.group, flame.selfUs, above.has(flame.group) ? 0 : flame.totalUs)
    const within = new Set(above).add(name).add(flame.group)
    for (const child of flame.children) visit(child, within)
  }
  for (const child of root.children) visit(child, new Set())
  const sorted = (all: Map<string, Cost>): Cost[] => [...all.values()].toSorted((a, b) => b.self - a.self)
  return { functions: sorted(functions), groups: sorted(groups) }
}

/** A frame in one line. */
export const titleOf = ({ group, place }: FrameName): string => (group === '' ? place : `${group}: ${place}`)
