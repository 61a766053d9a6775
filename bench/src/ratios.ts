import type { Comparison, SubjectReport } from './compare.ts'
import type { Row } from './report.ts'
import { BROAD, DEEP } from './shapes.ts'

/** Which of ours a target is for: the Kafka client with more round trips at 64 x 16 here, the other one, or the embedded mode. */
export type Form = 'better client' | 'other client' | 'embedded'

/** How many times the round trips of a peer Causeway means to make. */
interface Target {
  form: Form
  shape: string
  /** A subject's id, or what it begins with: each way to use a peer is held against the same target. */
  peer: string
  atLeast: number
}

const target = (form: Form, { name: shape }: { name: string }, peer: string, atLeast: number): Target => ({ form, shape, peer, atLeast })

/** What deliveries of a channel are to reach of those of a loop of socket writes. */
export const CHANNEL_TARGET = 0.7

/** For tables: what a target asks for, and whether it is reached. */
export const heldTo = (target: string | number, isReached: boolean): string => `${target}: ${isReached ? 'reached' : '**not reached**'}`

/** The same of a ratio that is to be reached at least. */
export const heldAgainst = (target: number, ratio: number): string => heldTo(target, ratio >= target)

export const TARGETS: readonly Target[] = [
  target('better client', DEEP, 'grpc-js', 8),
  target('better client', DEEP, 'rabbitmq', 4.5),
  target('better client', DEEP, 'nats-jetstream', 4.5),
  target('better client', DEEP, 'nats-core', 2),
  target('better client', BROAD, 'grpc-js', 1.6),
  target('better client', BROAD, 'rabbitmq', 1.1),
  target('other client', DEEP, 'grpc-js', 6),
  target('other client', DEEP, 'rabbitmq', 3.5),
  target('other client', DEEP, 'nats-jetstream', 3.5),
  target('other client', DEEP, 'nats-core', 1.5),
  target('other client', BROAD, 'grpc-js', 1.6),
  target('other client', BROAD, 'rabbitmq', 1.1),
  target('embedded', DEEP, 'grpc-js', 12),
  target('embedded', DEEP, 'nats-jetstream', 6),
  target('embedded', DEEP, 'nats-core', 2.5),
  target('embedded', BROAD, 'grpc-js', 2),
]

export interface Ratio {
  ours: string
  form: Form
  shape: string
  peer: string
  /** Ours by the peer's, medians of the rounds; undefined where one of them was not measured. */
  ratio: number | undefined
  /** Undefined where none was set. */
  target?: number
  reached?: boolean
}

/** Each of ours by each peer, shape by shape. */
export function ratiosOf({ subjects, shapes }: Pick<Comparison, 'subjects' | 'shapes'>): Ratio[] {
  const peers = subjects.filter(({ kind }) => kind === 'peer')
  const forms = formsOf(subjects.filter(({ kind }) => kind === 'ours'))
  return shapes.flatMap(shape => forms.flatMap(([ours, form]) => peers.map(peer => ratioOf(ours, form, peer, shape))))
}

/** In their order, with what each is. */
function formsOf(ours: readonly SubjectReport[]): [SubjectReport, Form][] {
  const onKafka = ours.filter(({ id }) => id !== 'causeway-embedded')
  const speed = (each: SubjectReport): number => rowFor(each, DEEP.name)?.roundTripsPerSecond.median ?? 0
  const better = onKafka.toSorted((a, b) => speed(b) - speed(a)).at(0)
  return ours.map(each => [each, each === better ? 'better client' : onKafka.includes(each) ? 'other client' : 'embedded'])
}

function ratioOf(ours: SubjectReport, form: Form, peer: SubjectReport, shape: string): Ratio {
  const [our, their] = [rowFor(ours, shape), rowFor(peer, shape)]
  const ratio = our && their && our.roundTripsPerSecond.median / their.roundTripsPerSecond.median
  const atLeast = TARGETS.find(each => each.form === form && each.shape === shape && peer.id.startsWith(each.peer))?.atLeast
  return {
    ...{ ours: ours.name, form, shape, peer: peer.name, ratio },
    ...(atLeast !== undefined && { target: atLeast, ...(ratio !== undefined && { reached: ratio >= atLeast }) }),
  }
}

export const rowFor = ({ rows }: SubjectReport, shape: string): Row | undefined => rows.find(row => row.shape === shape)
