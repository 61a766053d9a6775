import { BlockList, isIP } from 'node:net'

interface AddressLists {
  allow?: readonly string[]
  deny?: readonly string[]
}

interface CompiledList {
  of: readonly string[]
  list: BlockList
}

/** From where connections are taken: from no address of `deny`, and where there is an `allow` from those alone. No address is special, loopback neither. */
export class ListenerAddresses {
  readonly #lists: AddressLists
  #allow: CompiledList | undefined
  #deny: CompiledList | undefined

  /** Addresses and ranges, as the configuration has checked them; another list in the place of one is taken up with the next connection. */
  constructor(lists: AddressLists) {
    this.#lists = lists
  }

  /** Of a canonical address (`peer.ts`). */
  admits(address: string): boolean {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const { allow, deny } = this.#lists
    if (deny !== this.#deny?.of) this.#deny = compiled(deny)
    if (allow !== this.#allow?.of) this.#allow = compiled(allow)
    if (this.#deny?.list.check(address, family)) return false
    return this.#allow?.list.check(address, family) ?? true
  }
}

const compiled = (of: readonly string[] | undefined): CompiledList | undefined => of && { of, list: listOf(of) }

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
