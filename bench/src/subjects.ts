// All that `npm run bench:peers` knows: a new peer is one line here.
import { CAUSEWAY_EMBEDDED, causewayOn } from './causeway.ts'
import { CODEC_TRIALS } from './peers/codec-trials.ts'
import { FASTIFY } from './peers/fastify.ts'
import { GRPC_JS } from './peers/grpc-js.ts'
import { KAFKA_TOOLS } from './peers/kafka-tools.ts'
import { NATS_CORE, NATS_CORE_INBOX } from './peers/nats-core.ts'
import { NATS_JETSTREAM, NATS_JETSTREAM_INBOX } from './peers/nats-jetstream.ts'
import { NET } from './peers/net.ts'
import { RABBITMQ } from './peers/rabbitmq.ts'
import { WS } from './peers/ws.ts'
import type { Subject } from './subject.ts'
import type { TrialGroup } from './trial.ts'

export const SUBJECTS: readonly Subject[] = [
  causewayOn({ client: 'kafkajs', aof: 'everysec' }),
  causewayOn({ client: 'platformatic', aof: 'everysec' }),
  CAUSEWAY_EMBEDDED,
  GRPC_JS,
  RABBITMQ,
  NATS_JETSTREAM,
  NATS_JETSTREAM_INBOX,
  NATS_CORE,
  NATS_CORE_INBOX,
  FASTIFY,
  WS,
  NET,
]

export const TRIAL_GROUPS: readonly TrialGroup[] = [CODEC_TRIALS, KAFKA_TOOLS]
