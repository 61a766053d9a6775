// A unary echo.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { tellServing } from '../node-part.ts'
import { ECHO_SERVICE, type Echo } from './grpc-js-service.ts'

const server = new Server()
server.addService(ECHO_SERVICE, {
  echo: (call: ServerUnaryCall<Echo, Echo>, answer: sendUnaryData<Echo>) => answer(null, { payload: call.request.payload }),
})
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  tellServing({ port })
})
