/** Who may connect to the LAN pool. */
import { BlockList, isIP } from 'node:net';
import { RigError } from '../../protocol/common/errors.ts';

/** Private, link-local and loopback networks: RFC 1918, 3927, 4193 and 4291. */
const PRIVATE = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '::1/128', 'fc00::/7', 'fe80::/10'];

export class AllowList {
  readonly #list = new BlockList();

  /** @param entries addresses and networks; none: private and loopback addresses. @throws RigError E_CONFIG_INVALID */
  constructor(entries: readonly string[]) {
    for (const [index, entry] of (entries.length === 0 ? PRIVATE : entries).entries()) this.#add(entry, index);
  }

  /** @param address as a socket tells it */
  permits(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(entry: string, index: number): void {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry.trim()) ?? [];
    const family = isIP(address);
    const widest = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? widest : Number(bits);
    if (family === 0 || prefix > widest) {
      throw new RigError('E_CONFIG_INVALID', `server.allow.${index}: "${entry}" is neither an address nor a network`, { hint: 'Write it like 192.168.1.20 or 192.168.1.0/24.' });
    }
    this.#list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** An IPv4 address that came over an IPv6 socket is an IPv4 address; the interface of a link-local one says nothing about it. */
export function plainAddress(address: string): string {
  const [plain = ''] = address.split('%');
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice(7) : plain;
}
