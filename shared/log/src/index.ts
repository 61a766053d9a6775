export type {
  Appender,
  AppenderHandlers,
  ConsumedRecord,
  ConsumeOptions,
  ConsumerHandlers,
  FollowHandlers,
  Following,
  Log,
  LogConsumer,
  LogRecord,
  PartitionLag,
  RefusalReason,
  TopicSpec,
} from './log.ts'
export { CONFIG_TOPIC, deadLetterTopic, EVENTS_TOPIC, requestsTopic } from './log.ts'
