// Answers each request where it says.
import { tellServing } from '../node-part.ts'
import { connectNats } from './nats-connect.ts'

const connection = await connectNats(Number(process.argv[2]))
connection.subscribe('echo', {
  queue: 'responders',
  callback: (error, message) => {
    if (error !== null) throw error
    message.respond(message.data)
  },
})
await connection.flush()
tellServing({})
