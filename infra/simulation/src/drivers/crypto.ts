// node:crypto as the product gets it in a run: names and tokens come from the seed, digests are the real ones.
import { uuid } from '../globals.ts'
import { world } from '../world.ts'

export { createHash, createPrivateKey, hash, timingSafeEqual, X509Certificate } from 'node:crypto'

export const randomBytes = (size: number): Buffer => world().random.bytes(size)
export const randomUUID = (): string => uuid(world().random.bytes(16))
