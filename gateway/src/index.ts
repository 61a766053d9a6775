export type { GatewayAddresses } from './gateway.ts'
export { GATEWAY_VERSION, Gateway } from './gateway.ts'
export { checkPorts } from './listeners/listener-ports.ts'
