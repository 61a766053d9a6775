export { type Backend, BackendUnavailable } from './backend.ts'
export { chromiumPath } from './chromium.ts'
export { freePort } from './free-port.ts'
export { type KafkaOptions, startKafka } from './kafka.ts'
export { type KafkaCluster, startKafkaCluster } from './kafka-cluster.ts'
export { KAFKA_VERSION } from './kafka-jars.ts'
export { type RedisOptions, startRedis } from './redis.ts'
export { type StartedBackends, startBackends } from './start-backends.ts'
export {
  type BackendAddresses,
  type BackendName,
  type BackendNeeds,
  backendTest,
  type TestBackends,
  testBackends,
} from './test-backends.ts'
