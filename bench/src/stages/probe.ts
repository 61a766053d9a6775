// Loaded before `causeway` or a load generator (node --import): looks at the process from within, for the bench that has started it.
import { isMainThread } from 'node:worker_threads'
import { Profiler } from './probe-profiler.ts'
import type { Question } from './probe-questions.ts'
import { recorder } from './recorder.ts'
import { watchGateway } from './watch-gateway.ts'
import { watchWorker } from './watch-worker.ts'

const profiler = new Profiler()

async function answer(question: Question): Promise<unknown> {
  switch (question.ask) {
    case 'profile':
      await profiler.start(question.intervalUs)
      return 'profiling'
    case 'profiled':
      return profiler.stop()
    case 'watch':
      if (question.parts.includes('gateway')) await watchGateway()
      if (question.parts.includes('worker')) await watchWorker()
      return 'watching'
    case 'record':
      recorder.begin(question.every)
      return 'recording'
    case 'recorded':
      return recorder.end()
  }
}

/** Processes that belong together speak over the same channel, of other things. */
const isQuestion = (message: unknown): message is Question => typeof (message as Partial<Question> | null)?.ask === 'string'

// a thread of the process answers nobody
if (isMainThread && process.send !== undefined) {
  process.on('message', message => {
    if (isQuestion(message)) void answer(message).then(each => process.send!(each))
  })
  process.channel!.unref()
}
