import { appendFileSync, readFileSync } from 'node:fs'
import { bytes, message, service } from '@causeway/consumers'

const journal = process.env.CAUSEWAY_DEMO_JOURNAL!

/** `block` holds up its whole process for as many ms as its payload says, the first time that it is handled anywhere. */
export default service(`blocking-${process.env.CAUSEWAY_TEST_SERVICE}`, [
  message('echo', { input: bytes }).handle(payload => payload),
  message('block').handle(ms => {
    const isFirst = !readFileSync(journal, { encoding: 'utf8', flag: 'a+' }).includes('blocked')
    appendFileSync(journal, `${isFirst ? 'blocked' : 'went through'} ${process.pid}\n`)
    if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms as number)
    return process.pid
  }),
])
