// The gateway's HTTP and admin servers in a run: they listen to nobody. Version 2 over TCP is the way in.
const listening = () => ({
  async listen(): Promise<void> {},
  async close(): Promise<void> {},
  server: { address: () => ({ address: '127.0.0.1', family: 'IPv4', port: 0 }) },
})

export const httpServer = async () => listening()
export const adminServer = async () => ({ server: listening(), showServices(): void {} })
