import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import jsmodbus from 'jsmodbus'
import modbusSerial from 'modbus-serial'

/** How long a client waits for an answer, ms. */
const ANSWER_MS = 10_000

/** What a client got: values, or the exception. */
export type Got = readonly (number | boolean)[] | { exception: number }

/** A Modbus client that others wrote, of unit 1. */
export interface ModbusClient extends AsyncDisposable {
  read(code: 1 | 2 | 3 | 4, address: number, count: number): Promise<Got>
  write(code: 5 | 6 | 15 | 16, address: number, values: readonly (number | boolean)[]): Promise<Got>
}

export type OpenClient = (port: number) => Promise<ModbusClient>

/** By name: two libraries, each over TCP and over RTU. */
export const MODBUS_CLIENTS: readonly [name: string, dialect: string, open: OpenClient][] = [
  ['modbus-serial', 'modbus-tcp', port => openSerial(client => client.connectTCP('127.0.0.1', { port }))],
  ['modbus-serial', 'modbus-rtu', port => openSerial(client => client.connectTelnet('127.0.0.1', { port }))],
  ['jsmodbus', 'modbus-tcp', port => openJs(port, socket => new jsmodbus.client.TCP(socket, 1, ANSWER_MS))],
  // its RTU client is typed for a serial port and uses it as a stream
  ['jsmodbus', 'modbus-rtu', port => openJs(port, socket => new jsmodbus.client.RTU(socket as unknown as SerialPort, 1, ANSWER_MS))],
]

// its types give the class as the default of the default
const ModbusSerial = modbusSerial.default
type SerialClient = InstanceType<typeof ModbusSerial>
type SerialPort = ConstructorParameters<typeof jsmodbus.client.RTU>[0]
type JsClient = InstanceType<typeof jsmodbus.client.RTU> | InstanceType<typeof jsmodbus.client.TCP>

async function openSerial(opened: (client: SerialClient) => Promise<void>): Promise<ModbusClient> {
  const client = new ModbusSerial()
  await opened(client)
  client.setID(1)
  client.setTimeout(ANSWER_MS)
  const answered = (code: 1 | 2 | 3 | 4, address: number, count: number): Promise<{ data: (number | boolean)[] }> => {
    if (code === 1) return client.readCoils(address, count)
    if (code === 2) return client.readDiscreteInputs(address, count)
    return code === 3 ? client.readHoldingRegisters(address, count) : client.readInputRegisters(address, count)
  }
  return {
    read: (code, address, count) => gotten(async () => (await answered(code, address, count)).data.slice(0, count)),
    write: (code, address, values) =>
      gotten(async () => {
        if (code === 5) await client.writeCoil(address, Boolean(values[0]))
        else if (code === 6) await client.writeRegister(address, Number(values[0]))
        else if (code === 15) await client.writeCoils(address, values.map(Boolean))
        else await client.writeRegisters(address, values.map(Number))
        return []
      }),
    [Symbol.asyncDispose]: () => new Promise(resolve => client.close(() => resolve())),
  }
}

async function openJs(port: number, over: (socket: Socket) => JsClient): Promise<ModbusClient> {
  const socket = connect(port, '127.0.0.1')
  const client = over(socket)
  await once(socket, 'connect')
  // what a serial port calls connected
  socket.emit('open')
  const answered = (code: 1 | 2 | 3 | 4, address: number, count: number) => {
    if (code === 1) return client.readCoils(address, count)
    if (code === 2) return client.readDiscreteInputs(address, count)
    return code === 3 ? client.readHoldingRegisters(address, count) : client.readInputRegisters(address, count)
  }
  return {
    read: (code, address, count) =>
      gotten(async () => {
        const { response } = await answered(code, address, count)
        const values: (number | boolean)[] = Array.from(response.body.valuesAsArray)
        return values.slice(0, count).map(value => (code < 3 ? Boolean(value) : value))
      }),
    write: (code, address, values) =>
      gotten(async () => {
        if (code === 5) await client.writeSingleCoil(address, Boolean(values[0]))
        else if (code === 6) await client.writeSingleRegister(address, Number(values[0]))
        else if (code === 15) await client.writeMultipleCoils(address, values.map(Boolean))
        else await client.writeMultipleRegisters(address, values.map(Number))
        return []
      }),
    async [Symbol.asyncDispose]() {
      socket.destroy()
    },
  }
}

/** Both libraries reject with the exception's code somewhere inside. */
async function gotten(ask: () => Promise<readonly (number | boolean)[]>): Promise<Got> {
  try {
    return await ask()
  } catch (error) {
    const { modbusCode, response } = error as { modbusCode?: number; response?: { body?: { code?: number } } }
    const exception = modbusCode ?? response?.body?.code
    if (exception === undefined) throw error
    return { exception }
  }
}
