/** At which step a process is killed, the first time that it comes there. */
export const STEPS = ['begun', 'written', 'handed', 'sent', 'finished', 'relaying', 'relayed', 'taking', 'taken', 'booked'] as const
export type Step = (typeof STEPS)[number]

export interface Item {
  n: number
  die?: Step
}

/** What the stock has noted of each emit that it began to handle. */
export interface Booking {
  key: string
  n: number
  source: { service: string; session: string; msgId: number }
  /** All it has taken for this cart so far, this one included. */
  taken: number[]
}
