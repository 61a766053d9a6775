import { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js'
import type { JobCounts, JobState, JobStatus, QueueJob, QueueJobJson, QueueMetrics, Status } from '@bull-board/api/dist/types.js'
import { type DeadLetter, deadLetterId, type RetryMessage, retryJobId } from './retries.ts'
import type { EmbeddedDeadLetters } from './retries-embedded-dead.ts'
import type { Job, Jobs } from './retries-embedded-jobs.ts'
import { toDeadLetterJob, toJob } from './retry-job.ts'

/** What a page of Bull Board needs of a queue that is not BullMQ's. */
interface BoardQueue {
  name: string
  description: string
  statuses: JobStatus[]
  counts(): Partial<JobCounts>
  jobs(statuses: readonly JobStatus[], start: number, end: number): Promise<QueueJob[]>
  job(id: string): Promise<QueueJob | undefined>
}

/** Waiting retries or replays on the Bull Board page, under the name they have on BullMQ. */
export function jobsBoard(name: string, description: string, jobs: Jobs): BaseAdapter {
  const inState = (statuses: readonly JobStatus[]) => jobs.all().filter(job => statuses.includes(stateOf(job)))
  const shown = async (job: Job) => {
    const message = await jobs.read(job)
    return message && shownJob(retryJson(job, message), stateOf(job))
  }
  return new EmbeddedBoard({
    name,
    description,
    statuses: ['active', 'delayed'],
    counts: () => ({ active: inState(['active']).length, delayed: inState(['delayed']).length }),
    async jobs(statuses, start, end) {
      const page = inState(statuses)
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(start, end + 1)
      return (await Promise.all(page.map(shown))).filter(job => job !== undefined)
    },
    async job(id) {
      const job = jobs.all().find(each => retryJobId(each) === id)
      return job && shown(job)
    },
  })
}

/** A service's dead letters on the Bull Board page, newest first. */
export function deadLettersBoard(service: string, letters: EmbeddedDeadLetters): BaseAdapter {
  const shown = (letter: DeadLetter) => shownJob(deadLetterJson(letter), 'failed')
  return new EmbeddedBoard({
    name: `${service}-dead`,
    description: `Dead letters of ${service}: attempts exhausted or given up`,
    statuses: ['failed'],
    counts: () => ({ failed: letters.count(service) }),
    jobs: async (statuses, start, end) => (statuses.includes('failed') ? letters.page(service, start, end - start + 1).map(shown) : []),
    async job(id) {
      const letter = letters.letter({ service, id })
      return letter && shown(letter)
    },
  })
}

const stateOf = ({ isRunning }: Job): 'active' | 'delayed' => (isRunning ? 'active' : 'delayed')

function retryJson(job: Job, message: RetryMessage): QueueJobJson {
  const last = message.errors.at(-1)
  return {
    id: retryJobId(message),
    name: message.route,
    progress: 0,
    attemptsMade: message.attempts,
    delay: Math.max(0, job.dueAt - (last?.at ?? job.dueAt)),
    timestamp: last?.at ?? job.dueAt,
    failedReason: last?.error ?? '',
    stacktrace: message.errors.map(({ error }) => error),
    data: toJob(message, job.ordered),
    returnvalue: null,
    opts: {},
  }
}

function deadLetterJson(letter: DeadLetter): QueueJobJson {
  return {
    id: deadLetterId(letter),
    name: letter.route,
    progress: 0,
    attemptsMade: letter.attempts,
    timestamp: letter.errors[0]?.at ?? letter.deadAt,
    processedOn: letter.errors.at(-1)?.at ?? letter.deadAt,
    finishedOn: letter.deadAt,
    failedReason: letter.reason,
    stacktrace: letter.errors.map(({ error }) => error),
    data: toDeadLetterJob(letter),
    returnvalue: null,
    opts: {},
  }
}

const readOnly = async (): Promise<never> => {
  throw new Error('the embedded queues are shown, not changed, here: use the dead letters of the console')
}

const shownJob = (json: QueueJobJson, state: JobState): QueueJob => ({
  opts: {},
  promote: readOnly,
  remove: readOnly,
  retry: readOnly,
  toJSON: () => json,
  getState: async () => state,
})

/** Read-only: replays and removals take a reason and are audited, which this page does not ask for. */
class EmbeddedBoard extends BaseAdapter {
  readonly #queue: BoardQueue

  override clean = readOnly
  override addJob = readOnly
  override pause = readOnly
  override resume = readOnly
  override empty = readOnly
  override obliterate = readOnly
  override promoteAll = readOnly
  override setGlobalConcurrency = readOnly
  override removeJobScheduler = readOnly
  override updateJobScheduler = readOnly
  override runJobSchedulerNow = readOnly

  constructor(queue: BoardQueue) {
    super('bullmq', { readOnlyMode: true, description: queue.description })
    this.#queue = queue
  }

  override getName(): string {
    return this.#queue.name
  }

  override async getJob(id: string): Promise<QueueJob | undefined> {
    return this.#queue.job(id)
  }

  override async getJobCounts(): Promise<JobCounts> {
    return { ...this.#queue.counts() }
  }

  override async getJobs(statuses: JobStatus[], start = 0, end = 0): Promise<QueueJob[]> {
    return this.#queue.jobs(statuses, start, end)
  }

  override getJobStatuses(): JobStatus[] {
    return this.#queue.statuses
  }

  override getStatuses(): Status[] {
    return ['latest', ...this.#queue.statuses]
  }

  override async getJobLogs(): Promise<string[]> {
    return []
  }

  override async getMetrics(): Promise<QueueMetrics> {
    return { meta: { count: 0, prevTS: 0, prevCount: 0 }, data: [], count: 0 }
  }

  override async getRedisInfo(): Promise<null> {
    return null
  }

  override async isPaused(): Promise<boolean> {
    return false
  }

  override async getJobSchedulers(): Promise<[]> {
    return []
  }

  override async getJobSchedulersCount(): Promise<number> {
    return 0
  }

  override async getGlobalConcurrency(): Promise<null> {
    return null
  }
}
