export type { GatewayAddresses } from './gateway.ts'
export { Gateway } from './gateway.ts'
export { checkPorts } from './listeners/listener-ports.ts'
