import { BlockList, isIP } from 'node:net'

/** From where connections are taken: from no address of `deny`, and where there is an `allow` from those alone. No address is special, loopback neither. */
export class ListenerAddresses {
  readonly #allow: BlockList | undefined
  readonly #deny: BlockList | undefined

  /** Addresses and ranges, as the configuration has checked them. */
  constructor({ allow, deny }: { allow?: readonly string[]; deny?: readonly string[] }) {
    this.#allow = allow && listOf(allow)
    this.#deny = deny && listOf(deny)
  }

  /** Of a canonical address (`peer.ts`). */
  admits(address: string): boolean {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (this.#deny?.check(address, family)) return false
    return this.#allow?.check(address, family) ?? true
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address, prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
