import { service } from '@causeway/consumers'
import demo from '@causeway/demo'

/** The demo's routes under a service of the test's own: on a shared Kafka a service's name is its topic and its group. */
export default service(`demo-${process.env.CAUSEWAY_TEST_SERVICE}`, demo.routes)
