import { threadId } from 'node:worker_threads'
import { Reject, RetryAfter, type ThreadContext } from '../index.ts'

/** The handler of a route in threads: it does what it is asked to. */
export default function burn(input: unknown, { attempt }: ThreadContext): unknown {
  switch (input) {
    case 'for ever':
      for (;;);
    case 'reject':
      throw new Reject('not in this thread')
    case 'later':
      if (attempt === 1) throw new RetryAfter(30_000)
      return attempt
    case 'fail':
      throw new RangeError('too much')
    default:
      return { input, isThread: threadId > 0 }
  }
}
