import type { Event, EventLoop, SimulatedProcess } from '../event-loop.ts'

/** As the product's consumers ask for (shared/log/src/kafka-limits.ts). */
const SESSION_TIMEOUT_MS = 6_000
const REBALANCE_TIMEOUT_MS = 3_000
const LOOK_MS = 500

/** Kafka's error of that name. */
export class ProtocolRefusal extends Error {
  override readonly name = 'KafkaJSProtocolError'
  readonly type: string

  constructor(type: string) {
    super(type)
    this.type = type
  }
}

/** What a member gets when a generation begins. */
export interface Assignment {
  member: string
  generation: number
  partitions: number[]
}

interface Member {
  heardAt: number
  /** It has asked to join the coming generation. */
  joining: ((assignment: Assignment) => void) | undefined
}

/** A consumer group at its coordinator: members, generations, commits. A member that says nothing for its time is put out. */
export class Group {
  readonly #loop: EventLoop
  readonly #process: SimulatedProcess
  readonly #partitions: () => number
  readonly #members = new Map<string, Member>()
  readonly committed = new Map<number, number>()
  generation = 0
  #preparing = false
  #deadline: Event | undefined
  #names = 0

  constructor(loop: EventLoop, process: SimulatedProcess, partitions: () => number) {
    this.#loop = loop
    this.#process = process
    this.#partitions = partitions
    this.#look()
  }

  join(name: string, joined: (assignment: Assignment) => void): void {
    const member = this.#members.has(name) ? name : `member-${this.#names++}`
    this.#members.set(member, { heardAt: this.#loop.now, joining: joined })
    this.#prepare()
    this.#completeIfAllJoined()
  }

  leave(name: string): void {
    if (this.#members.delete(name)) this.#prepare()
    this.#completeIfAllJoined()
  }

  heartbeat(name: string, generation: number): void {
    this.#check(name, generation)
    if (this.#preparing) throw new ProtocolRefusal('REBALANCE_IN_PROGRESS')
  }

  /** While the group prepares, members of the old generation may still commit; whose the partition is, nobody asks. */
  commit(name: string, generation: number, offsets: readonly (readonly [partition: number, offset: number])[]): void {
    this.#check(name, generation)
    for (const [partition, offset] of offsets) this.committed.set(partition, offset)
  }

  #check(name: string, generation: number): void {
    const member = this.#members.get(name)
    if (member === undefined) throw new ProtocolRefusal('UNKNOWN_MEMBER_ID')
    if (generation !== this.generation) throw new ProtocolRefusal('ILLEGAL_GENERATION')
    member.heardAt = this.#loop.now
  }

  #look(): void {
    this.#loop.after(LOOK_MS, this.#process, () => {
      for (const [name, { heardAt, joining }] of this.#members)
        if (joining === undefined && this.#loop.now - heardAt > SESSION_TIMEOUT_MS) this.leave(name)
      this.#look()
    })
  }

  #prepare(): void {
    if (this.#preparing || this.#members.size === 0) return
    this.#preparing = true
    this.#deadline = this.#loop.after(REBALANCE_TIMEOUT_MS, this.#process, () => {
      for (const [name, { joining }] of this.#members) if (joining === undefined) this.#members.delete(name)
      this.#complete()
    })
  }

  #completeIfAllJoined(): void {
    if (this.#preparing && [...this.#members.values()].every(({ joining }) => joining !== undefined)) this.#complete()
  }

  #complete(): void {
    if (this.#deadline !== undefined) this.#deadline.action = undefined
    this.#preparing = false
    this.generation++
    const members = this.#loop.random.shuffle([...this.#members])
    const assigned = members.map(([member]): Assignment => ({ member, generation: this.generation, partitions: [] }))
    if (assigned.length === 0) return
    for (let partition = 0; partition < this.#partitions(); partition++) assigned[partition % assigned.length]!.partitions.push(partition)
    members.forEach(([, member], index) => {
      const { joining } = member
      member.joining = undefined
      member.heardAt = this.#loop.now
      joining?.(assigned[index]!)
    })
  }
}
