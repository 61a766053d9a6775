export type {
  Appender,
  AppenderHandlers,
  ConsumedRecord,
  ConsumeOptions,
  ConsumerHandlers,
  Log,
  LogConsumer,
  LogRecord,
  PartitionLag,
  RefusalReason,
  TopicSpec,
} from './log.ts'
export { deadLetterTopic, EVENTS_TOPIC, requestsTopic } from './log.ts'
