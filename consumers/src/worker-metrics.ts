import { Metrics } from '@causeway/telemetry'
import type { Counters } from './counters.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { QueueTime } from './queue-time.ts'
import type { Running } from './running.ts'

/** /metrics of a worker: read from plain numbers when asked. */
export function workerMetrics(
  labels: Record<string, string>,
  counters: Counters,
  dispatcher: Dispatcher,
  running: Running,
  queueTime: QueueTime,
): Metrics {
  const metrics = new Metrics(labels)
  metrics.gauge('causeway_worker_unfinished_records', 'Records polled and not complete', () => dispatcher.unfinished)
  metrics.gauge('causeway_worker_outstanding_records', 'The same and complete ones behind one that is not', () => dispatcher.outstanding)
  metrics.gauge(
    'causeway_worker_late_sessions',
    'Sessions that wait for a handler still running where their partition was before',
    () => dispatcher.late,
  )
  metrics.gauge('causeway_worker_sessions_remembered', "Sessions in the reader's fence", () => dispatcher.sessions)
  metrics.gauge(
    'causeway_worker_queue_seconds',
    'From the append of a message to its handler, the least of the last moments',
    () => (queueTime.read(Date.now()) ?? 0) / 1_000,
  )
  metrics.gauge('causeway_worker_handlers_running', 'Handlers that have not returned', () => running.size)
  metrics.gauge(
    'causeway_worker_handling_p50_seconds',
    'Time in handlers that wait, median of the newest',
    () => counters.handling.percentile(0.5) / 1_000,
  )
  metrics.gauge(
    'causeway_worker_handling_p99_seconds',
    'Time in handlers that wait, 99th percentile of the newest',
    () => counters.handling.percentile(0.99) / 1_000,
  )
  metrics.counter('causeway_worker_attempts_total', 'Attempts of handlers', () => counters.handled.total)
  metrics.counters(
    'causeway_worker_finished_total',
    'Messages ended by this worker',
    'outcome',
    () => counters.outcomes as Record<string, number>,
  )
  metrics.counter('causeway_worker_retries_total', 'Messages put off for another attempt', () => counters.retried)
  metrics.counter('causeway_worker_parked_total', 'Messages parked behind a head', () => counters.parked)
  metrics.counter('causeway_worker_dead_letters_total', 'Messages given up', () => counters.dead)
  metrics.counter(
    'causeway_worker_dead_letters_unlogged_total',
    'Dead letters whose copy on the -dlt topic was not confirmed',
    () => counters.deadLettersUnlogged,
  )
  metrics.counters(
    'causeway_worker_replays_total',
    'Replays of dead letters ended by this worker',
    'outcome',
    () => counters.replays as Record<string, number>,
  )
  metrics.counter('causeway_worker_duplicates_total', 'Repeats found in the log and dropped', () => counters.duplicates)
  metrics.counter('causeway_worker_fenced_total', 'Records of an older epoch dropped', () => counters.fenced)
  metrics.counter(
    'causeway_worker_late_results_total',
    'Results that came after their message had ended otherwise',
    () => counters.late + running.late,
  )
  metrics.counter('causeway_worker_expired_total', 'Results for sessions that had ended', () => counters.expired)
  metrics.counter('causeway_worker_unreadable_total', "Records that are none of the gateway's", () => counters.unreadable)
  metrics.counter('causeway_worker_left_total', 'Messages left to the worker that holds their partition by now', () => counters.left)
  metrics.counter(
    'causeway_worker_late_handovers_total',
    'Partitions taken over that their former owner had not given up in time',
    () => counters.handoversLate,
  )
  metrics.counter('causeway_worker_refused_calls_total', 'Calls given up because a store refused them', () => counters.refusedCalls)
  return metrics
}
