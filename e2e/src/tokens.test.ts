import assert from 'node:assert/strict'
import { Installation } from './installation.ts'
import { JsonClient } from './json-client.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'
import { SECRET, seconds, signedToken } from './token.ts'
import { CLOSE, ERROR, frame, json, request, SYN, V2Client } from './v2-client.ts'

const AUDIENCE = 'causeway-tests'
const claims = (more: object = {}): object => ({ sub: 'alice', aud: AUDIENCE, exp: seconds(60), ...more })

everywhere('with CAUSEWAY_AUTH=jwt', async (context, place) => {
  await using installation = await Installation.make(place, {
    CAUSEWAY_AUTH: 'jwt',
    CAUSEWAY_JWT_SECRET: SECRET,
    CAUSEWAY_JWT_AUDIENCE: AUDIENCE,
  })
  const gateway = await installation.start()

  const refused: [string, string | undefined, string, number][] = [
    ['no token', undefined, 'UNAUTHENTICATED', 4510],
    ['a token that is none', 'abc', 'UNAUTHENTICATED', 4510],
    ['a token signed with another secret', signedToken(claims(), 'another-secret-of-thirty-two-byte'), 'UNAUTHENTICATED', 4510],
    ['a token for another audience', signedToken(claims({ aud: 'others' })), 'UNAUTHENTICATED', 4510],
    ['a token without a subject', signedToken({ aud: AUDIENCE, exp: seconds(60) }), 'UNAUTHENTICATED', 4510],
    [
      'a token of algorithm none',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims())).toString('base64url')}.`,
      'UNAUTHENTICATED',
      4510,
    ],
    ['an expired token', signedToken(claims({ exp: seconds(-10) })), 'TOKEN_EXPIRED', 4010],
  ]
  for (const [name, token, code, number] of refused) {
    await context.test(`${name} is refused with ${code}`, async () => {
      using client = await V2Client.connect(gateway.port)
      client.send(frame(SYN, { codec: 1, payload: JSON.stringify({ token, client: { name: 'foreign', version: '0' } }) }))
      assert.equal(json(await client.take(ERROR)).code, code)
      const close = json(await client.take(CLOSE))
      assert.deepEqual([close.code, close.number], [code, number])
      await client.ended()
    })
  }

  await context.test('a good token makes its subject the principal', async () => {
    const { client, synAck } = await V2Client.open(gateway.port, { token: signedToken(claims()) })
    using _ = client
    assert.equal(synAck.principal, 'alice')
    client.send(request(1, 'echo', 'hello'))
    assert.equal((await client.answer(1)).payload.toString(), 'hello')
  })

  await context.test("another principal can't resume the session, and the session goes on", async () => {
    const { client, synAck } = await V2Client.open(gateway.port, { token: signedToken(claims()) })
    using _ = client
    const { session, resumeToken } = synAck
    using thief = await V2Client.connect(gateway.port)
    const token = signedToken(claims({ sub: 'mallory' }))
    thief.send(frame(SYN, { codec: 1, payload: JSON.stringify({ token, session, resumeToken, client: { name: 'x', version: '0' } }) }))
    assert.equal(json(await thief.take(CLOSE)).code, 'SESSION_UNKNOWN')
    client.send(request(1, 'echo', 'still mine'))
    assert.equal((await client.answer(1)).payload.toString(), 'still mine')
  })

  await context.test('a token that expires ends its connection with TOKEN_EXPIRED', async () => {
    const { client } = await V2Client.open(gateway.port, { token: signedToken(claims({ exp: seconds(2) })) })
    assert.deepEqual(json(await client.take(CLOSE)).number, 4010)
    await client.ended()
  })

  await context.test('WebSocket: the Authorization header is as good as a SYN, and none ends with close code 4510', async () => {
    const authorization = `Bearer ${signedToken(claims({ sub: 'bob' }))}`
    const { client, synAck } = await JsonClient.open(gateway.websocket, {}, { authorization })
    using _ = client
    assert.equal(synAck.principal, 'bob')
    using stranger = await JsonClient.connect(gateway.websocket)
    stranger.send({ type: 'syn', client: { name: 'x', version: '0' } })
    assert.equal(await stranger.closeCode, 4510)
  })

  await context.test('the shared port refuses dialects: they carry no token', async () => {
    using device = await RawSocket.connect(gateway.port)
    device.write('4d43 01 01 00000002 6869')
    const rest = await device.rest()
    assert.equal(rest.subarray(0, 4).toString('hex'), '4d4301ff')
    const refusal = JSON.parse(rest.subarray(8).toString()) as { code: string; number: number }
    assert.deepEqual([refusal.code, refusal.number], ['UNAUTHENTICATED', 4510])
  })

  await context.test('POST /v1/messages: 401 without a token, an answer with one', async () => {
    const post = async (headers: Record<string, string>): Promise<Response> =>
      await fetch(`${gateway.http}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ route: 'echo', payload: { a: 1 } }),
      })
    assert.equal((await post({})).status, 401)
    const answered = await post({ authorization: `Bearer ${signedToken(claims())}` })
    assert.deepEqual([answered.status, await answered.json()], [200, { payload: { a: 1 } }])
  })
})
