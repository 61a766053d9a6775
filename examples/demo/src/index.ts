import { service } from '@causeway/consumers'
import { modbusRead, modbusReadInput } from './modbus.ts'
import { count, echo, fail, flaky, journal, push, rejected, slow } from './routes.ts'
import { telemetryReport } from './telemetry.ts'

/** The demo that `npm start` loads: a route for each thing to try. */
export default service('demo', [echo, fail, flaky, slow, count, push, rejected, journal, telemetryReport, modbusRead, modbusReadInput])
