/** A message that may not run yet: it comes again in `delayMs`, and this was no attempt. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
  readonly delayMs: number

  constructor(delayMs: number, why: string) {
    super(why)
    this.delayMs = delayMs
  }
}
