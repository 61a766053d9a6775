import { Durations, Rate } from '@causeway/telemetry'

/** What this gateway counts, in plain numbers: read when somebody asks. */
export class Counters {
  readonly received = new Rate()
  readonly delivered = new Rate()
  /** From admission to the write of the answer, ms; one message in sixteen. */
  readonly roundTrips = new Durations()
  /** Open now. */
  connections = 0
  /** Ever opened. */
  opened = 0
  accepted = 0
  stored = 0
  repeats = 0
  redelivered = 0
  /** SYNs of connections that their clients had given up: a later one had its session. */
  staleSyns = 0
  catchUps = 0
  lostWakeUps = 0
  /** Times the session store was found to be another than before. */
  storeChanges = 0
  /** Messages of channels written, one for each subscriber. */
  channelDeliveries = 0
  /** Times a subscriber read what a channel keeps. */
  channelReads = 0
  readonly refused: Record<string, number> = {}
  readonly closed: Record<string, number> = {}
  /** Connections kept out before they could say anything, by reason. */
  readonly barred: Record<string, number> = {}

  connected(): void {
    this.connections++
    this.opened++
  }

  refuse(code: string): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }

  close(code: string): void {
    this.closed[code] = (this.closed[code] ?? 0) + 1
  }

  bar(reason: string): void {
    this.barred[reason] = (this.barred[reason] ?? 0) + 1
  }
}
