import type { CentralConfig } from '@causeway/central-config'
import type { Appender } from '@causeway/log'
import { Metrics } from '@causeway/telemetry'
import type { GatewayRecord } from '../admission.ts'
import type { ChannelHub } from '../channel-hub.ts'
import type { Counters } from '../counters.ts'
import type { Health } from '../health.ts'
import type { ServiceDirectory } from '../http/service-directory.ts'
import type { AcceptRate } from '../listeners/accept-rate.ts'
import type { TlsPorts } from '../listeners/tls-ports.ts'
import type { SessionEvents } from '../session-events.ts'
import type { SessionHost } from '../session-host.ts'
import type { LedgerWatch } from './ledger-watch.ts'

export interface Observed {
  gateway: string
  counters: Counters
  host: SessionHost
  health: Health
  appender: () => Appender<GatewayRecord>
  ledger: LedgerWatch
  accepting: AcceptRate
  channels: ChannelHub
  directory: ServiceDirectory
  tls: TlsPorts
  events: SessionEvents
  central: CentralConfig | undefined
}

/** /metrics of a gateway: read from plain numbers when asked. */
export function gatewayMetrics({
  gateway,
  counters,
  host,
  health,
  appender,
  ledger,
  accepting,
  channels,
  directory,
  tls,
  events,
  central,
}: Observed): Metrics {
  const metrics = new Metrics({ gateway })
  metrics.gauge('causeway_connections', 'Open client connections', () => counters.connections)
  metrics.counter('causeway_connections_opened_total', 'Client connections taken since the start', () => counters.opened)
  metrics.gauge('causeway_directory_watchers', 'Clients that wait for a change of GET /v1/services', () => directory.watchers)
  metrics.gauge('causeway_connections_waiting', 'Connections that wait to be taken', () => accepting.waiting)
  metrics.counter('causeway_connections_delayed_total', 'Connections that had to wait to be taken', () => accepting.delayed)
  metrics.counter('causeway_connections_refused_total', 'Connections turned away by the accept rate', () => accepting.refused)
  metrics.gauge('causeway_sessions', 'Sessions held, those between two connections included', () => host.held.size)
  metrics.gauge('causeway_log_waiting_records', 'Messages admitted and not yet confirmed by the log', () => appender().waitingRecords)
  metrics.gauge('causeway_log_waiting_bytes', 'Payload bytes admitted and not yet confirmed by the log', () => appender().waitingBytes)
  metrics.gauge(
    'causeway_round_trip_p50_seconds',
    'From admission to the write of the answer, median of the newest',
    () => counters.roundTrips.percentile(0.5) / 1_000,
  )
  metrics.gauge(
    'causeway_round_trip_p99_seconds',
    'From admission to the write of the answer, 99th percentile of the newest',
    () => counters.roundTrips.percentile(0.99) / 1_000,
  )
  metrics.counter('causeway_frames_received_total', 'Frames read from clients', () => counters.received.total)
  metrics.counter('causeway_messages_accepted_total', 'Messages admitted', () => counters.accepted)
  metrics.counter('causeway_messages_stored_total', 'Messages confirmed by the log', () => counters.stored)
  metrics.counter('causeway_messages_repeated_total', 'Messages sent again that were known already', () => counters.repeats)
  metrics.counter('causeway_deliveries_total', 'Deliveries written to clients', () => counters.delivered.total)
  metrics.counter('causeway_deliveries_redelivered_total', 'Deliveries written again after a resume', () => counters.redelivered)
  metrics.counter('causeway_outbox_reads_total', 'Times an outbox was read to catch up', () => counters.catchUps)
  metrics.counter('causeway_stale_syns_total', 'SYNs of connections that their clients had given up', () => counters.staleSyns)
  metrics.counter('causeway_wakeups_lost_total', 'Times a batch of wake-ups was missed', () => counters.lostWakeUps)
  metrics.gauge('causeway_channel_subscriptions', 'Subscriptions of connections to channels', () => channels.subscriptions)
  metrics.counter(
    'causeway_channel_deliveries_total',
    'Messages of channels written, one for each subscriber',
    () => counters.channelDeliveries,
  )
  metrics.counter('causeway_channel_reads_total', 'Times a subscriber read what a channel keeps', () => counters.channelReads)
  metrics.counter('causeway_store_changes_total', 'Times the session store was another than before', () => counters.storeChanges)
  metrics.counters('causeway_messages_refused_total', 'Messages refused, nothing stored', 'code', () => counters.refused)
  metrics.counters('causeway_connections_closed_total', 'Connections ended', 'code', () => counters.closed)
  metrics.counters(
    'causeway_session_events_total',
    'Session events given to the log, while some service wants them',
    'event',
    () => events.written,
  )
  metrics.gauge('causeway_session_events_waiting', 'Session events that the log has not confirmed', () => events.waiting)
  metrics.counter('causeway_session_events_dropped_total', 'Session events that could not be written', () => events.dropped)
  metrics.counters('causeway_connections_barred_total', 'Connections kept out by their listener', 'reason', () => counters.barred)
  if (central !== undefined) {
    metrics.gauge('causeway_config_version', 'Version of the central configuration that this process works by', () => central.version)
    metrics.counter('causeway_config_refusals_total', 'Versions that this process could not work by', () => central.refusals)
  }
  if (tls.expiresAt !== undefined)
    metrics.gauge('causeway_certificate_expires_seconds', 'When the first certificate expires, Unix time', () => tls.expiresAt! / 1_000)
  ledgerMetrics(metrics, ledger)
  for (const name of Object.keys(health.dependencies)) {
    metrics.gauge(`causeway_${name}_up`, `Whether ${name} answers`, () => Number(health.dependencies[name].ok))
  }
  return metrics
}

/** As of the last check, of the whole installation: each gateway tells the same. */
function ledgerMetrics(metrics: Metrics, ledger: LedgerWatch): void {
  const states = ['inFlight', 'parked', 'retrying'] as const
  metrics.counter('causeway_ledger_accepted_total', 'Messages accepted since the store began', () => ledger.last?.accepted ?? 0)
  metrics.counters('causeway_ledger_ended_total', 'Messages ended since the store began', 'outcome', () => ledger.last?.ended ?? {})
  for (const state of states)
    metrics.gauge(`causeway_ledger_${state === 'inFlight' ? 'in_flight' : state}`, `Messages ${state}`, () => ledger.last?.[state] ?? 0)
  metrics.gauge(
    'causeway_ledger_difference',
    'Messages neither ended nor anywhere on their way; above 0 for half a minute is an alert',
    () => ledger.last?.difference ?? 0,
  )
}
