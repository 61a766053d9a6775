import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { CausewayError, type Client, connect } from '@causeway/client'
import { CERTIFICATES } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere } from './places.ts'

const CA = readFileSync(CERTIFICATES.ca)
const METER = { ca: CA, cert: readFileSync(CERTIFICATES.meter.cert, 'utf8'), key: readFileSync(CERTIFICATES.meter.key, 'utf8') }

const addresses = (gateway: RunningGateway): string[] => [gateway.tls!, gateway.https!.replace('https:', 'wss:')]

const works = async (client: Client): Promise<void> => {
  await using _ = client
  assert.deepEqual(await client.request('echo', { hello: 1 }), { hello: 1 })
  const large = new Uint8Array(300_000).fill(7)
  assert.deepEqual(await client.request('echo', large), large)
  const all = await Promise.all(Array.from({ length: 200 }, (_, n) => client.request('echo', { n })))
  assert.deepEqual(
    all,
    Array.from({ length: 200 }, (_, n) => ({ n })),
  )
}

everywhere('the client over TLS', async (context, place) => {
  await using installation = await Installation.make(place, {
    CAUSEWAY_TLS_CERT: CERTIFICATES.gateway.cert,
    CAUSEWAY_TLS_KEY: CERTIFICATES.gateway.key,
    CAUSEWAY_TLS_CA: CERTIFICATES.ca,
    CAUSEWAY_TLS_PORT: '0',
    CAUSEWAY_HTTPS_PORT: '0',
  })
  const gateway = await installation.start()

  await context.test('tls:// and wss:// with a CA and a certificate of their own', async () => {
    for (const address of addresses(gateway)) await works(await connect(address, { tls: METER }))
  })

  await context.test("the gateway's certificate must have the name asked for, or that of `servername`", async () => {
    for (const address of addresses(gateway)) {
      await works(await connect(address, { tls: { ...METER, servername: 'gateway.test' } }))
      await assert.rejects(
        connect(address, { tls: { ...METER, servername: 'other.test' }, connectTimeout: 1_500 }),
        unreachable(/ERR_TLS_CERT_ALTNAME_INVALID/),
      )
    }
  })

  await context.test('a gateway that the CA did not sign is not connected to', async () => {
    const tls = { ...METER, ca: readFileSync(CERTIFICATES.foreignCa) }
    for (const address of addresses(gateway))
      await assert.rejects(connect(address, { tls, connectTimeout: 1_500 }), unreachable(/UNABLE_TO|SELF_SIGNED/))
  })

  await context.test('without the certificate that the gateway asks for nobody connects', async () => {
    for (const address of addresses(gateway))
      await assert.rejects(
        connect(address, { tls: { ca: CA }, connectTimeout: 1_500 }),
        (error: unknown) => error instanceof CausewayError && error.code === 'UNREACHABLE',
      )
  })
})

/** UNREACHABLE for a reason that is somewhere in its causes. */
const unreachable =
  (reason: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof CausewayError && error.code === 'UNREACHABLE', String(error))
    let told = ''
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      told += `${(cause as NodeJS.ErrnoException).code} ${cause.message}\n`
    assert.match(told, reason)
    return true
  }
