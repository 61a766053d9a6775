import { sessionOfLane } from '@causeway/protocol'
import type { DataFolder } from './data-folder.ts'
import { compositeKey } from './key.ts'
import { ParkedLane } from './parked-lane.ts'
import type { Table } from './table.ts'
import { Waiting } from './waiting.ts'

export type ParkResult = 'parked' | 'go' | 'head'
export type UnparkResult = 'more' | 'cleared' | 'lost'

/** Bytes of a stored head: bucket u8, msgId u32 (0: the next parked message is the head). */
const HEAD_BYTES = 5

/**
 * Heads and parked messages by service and lane (laneOf). Retries park here and sessions unpark here, so that a finish, the
 * parked message it takes out and the head it clears change in one transaction. State lives in memory, written through;
 * the parked messages' bytes lie on disk alone. Runner tokens are kept in memory only: they end with the process.
 */
export class Parking {
  readonly #folder: DataFolder
  readonly #heads: Table
  readonly #messages: Table
  readonly #services = new Map<string, Map<string, ParkedLane>>()
  readonly waiting = new Waiting()
  #tokens = 0

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#heads = folder.table('heads')
    this.#messages = folder.table('parked')
    this.#load()
  }

  /** Makes `msgId` the head of its lane, in place of what was; a parked message of that number is no longer parked. */
  setHead(service: string, lane: string, bucket: number, msgId: number, incarnation: string): void {
    const found = this.#find(service, lane) ?? this.#add(service, lane, bucket)
    found.head = msgId
    this.waiting.add(sessionOfLane(lane), msgId, 'retrying', incarnation)
    if (found.remove(msgId)) this.#remove(this.#messages, service, lane, msgId)
    this.#putHead(service, lane, found)
  }

  /** Keeps a message behind its lane's head, or says that none stands (`go`) or that it is the head itself. */
  park(service: string, lane: string, msgId: number, incarnation: string, bytes: Buffer): ParkResult {
    const found = this.#find(service, lane)
    if (!found) return 'go'
    if (found.head === msgId) return 'head'
    this.waiting.add(sessionOfLane(lane), msgId, 'parked', incarnation)
    if (found.add(msgId)) this.#put(this.#messages, compositeKey(service, lane, msgId), bytes)
    return 'parked'
  }

  /** Takes a handled message out; the last one clears the head. `lost` where `token` is not the present runner's. */
  unpark(service: string, lane: string, msgId: number, token: string): UnparkResult {
    const found = this.#find(service, lane)
    if (!found || found.token !== token) return 'lost'
    if (found.remove(msgId)) this.#remove(this.#messages, service, lane, msgId)
    if (found.head === msgId) found.head = 0
    if (found.head === 0 && found.parked === 0) {
      this.clear(service, lane)
      return 'cleared'
    }
    this.#putHead(service, lane, found)
    return 'more'
  }

  /** No head stands any more; nothing is parked behind it. */
  clear(service: string, lane: string): void {
    this.#services.get(service)?.delete(lane)
    this.#remove(this.#heads, service, lane)
  }

  /** A new runner's token for a head; it voids the one before. Undefined where no head stands. */
  lease(service: string, lane: string): string | undefined {
    const found = this.#find(service, lane)
    if (found) found.token = `${++this.#tokens}`
    return found?.token
  }

  /** msgId of the head; 0 where the next parked message is it; undefined where none stands. */
  head(service: string, lane: string): number | undefined {
    return this.#find(service, lane)?.head
  }

  /** The parked message of the lowest number, as it was parked. */
  async next(service: string, lane: string): Promise<Buffer | undefined> {
    const msgId = this.#find(service, lane)?.lowest
    if (msgId === undefined) return undefined
    const key = compositeKey(service, lane, msgId)
    const stored = this.#messages.get(key)
    if (stored) return stored
    await this.#folder.commit() // it was parked in the group that is in the air
    return this.#messages.get(key)
  }

  /** Lanes with a head; of these buckets, or all. */
  lanes(service: string, buckets?: readonly number[]): string[] {
    const wanted = buckets && new Set(buckets)
    return [...(this.#services.get(service) ?? [])].filter(([, { bucket }]) => wanted?.has(bucket) ?? true).map(([lane]) => lane)
  }

  /** Messages parked for a service. */
  count(service: string): number {
    let count = 0
    for (const { parked } of this.#services.get(service)?.values() ?? []) count += parked
    return count
  }

  services(): string[] {
    return [...this.#services.keys()]
  }

  #find(service: string, lane: string): ParkedLane | undefined {
    return this.#services.get(service)?.get(lane)
  }

  #add(service: string, lane: string, bucket: number): ParkedLane {
    const added = new ParkedLane(bucket)
    const lanes = this.#services.get(service) ?? new Map<string, ParkedLane>()
    this.#services.set(service, lanes.set(lane, added))
    return added
  }

  #putHead(service: string, lane: string, { bucket, head }: ParkedLane): void {
    const value = Buffer.alloc(HEAD_BYTES)
    value.writeUInt8(bucket, 0)
    value.writeUInt32BE(head, 1)
    this.#put(this.#heads, compositeKey(service, lane), value)
  }

  // A failed commit is fatal for the folder and told to whoever waits for the same group, so nothing is done about it here.
  #put(table: Table, key: Buffer, value: Buffer): void {
    this.#folder.write(transaction => transaction.put(table, key, value), ignoreCommit)
  }

  #remove(table: Table, ...parts: (string | number)[]): void {
    this.#folder.write(transaction => transaction.remove(table, compositeKey(...parts)), ignoreCommit)
  }

  #load(): void {
    for (const { key, value } of this.#heads.entries()) {
      const [service, lane] = namesOf(key)
      const head = value.readUInt32BE(1)
      this.#add(service, lane, value.readUInt8(0)).head = head
      if (head !== 0) this.waiting.add(sessionOfLane(lane), head, 'retrying')
    }
    for (const { key } of this.#messages.entries()) {
      const [service, lane] = namesOf(key)
      const msgId = key.readUInt32BE(key.length - 4)
      this.#find(service, lane)?.add(msgId)
      this.waiting.add(sessionOfLane(lane), msgId, 'parked')
    }
  }
}

const ignoreCommit = (): void => {}

function namesOf(key: Buffer): [service: string, lane: string] {
  const first = key.indexOf(0)
  return [key.toString('utf8', 0, first), key.toString('utf8', first + 1, key.indexOf(0, first + 1))]
}

const parkings = new WeakMap<DataFolder, Parking>()

/** The one parking of a folder. */
export function parkingOf(folder: DataFolder): Parking {
  let parking = parkings.get(folder)
  if (!parking) {
    parking = new Parking(folder)
    parkings.set(folder, parking)
  }
  return parking
}
