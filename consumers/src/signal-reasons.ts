/** Why a handler's signal is aborted. */

/** The handler took longer than its route's time-out, or than its message's deadline. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut'

  constructor() {
    super('the handler took longer than its time-out')
  }
}

export class Cancelled extends Error {
  override readonly name = 'Cancelled'

  constructor() {
    super('its client has cancelled it')
  }
}

export class WorkerStops extends Error {
  override readonly name = 'WorkerStops'

  constructor() {
    super('the worker stops')
  }
}
