/** What a SOCKS proxy answers to CONNECT, in plain words. */

/** Whose trouble it is: the proxy's own (or our leave to use it), or that of the way from the proxy to the pool. */
export type Blame = 'proxy' | 'target';

export interface ReplyMeaning {
  readonly reason: string;
  readonly blame: Blame;
}

/** RFC 1928 section 6, and Tor's extended codes (its proposals 304 and 309, sent with `SocksPort ... ExtendedErrors`). */
const REPLIES: ReadonlyMap<number, ReplyMeaning> = new Map<number, ReplyMeaning>([
  [0x01, { reason: 'general failure (Tor: no circuit yet, or the way out refused)', blame: 'proxy' }],
  [0x02, { reason: 'its rules do not allow this connection', blame: 'proxy' }],
  [0x03, { reason: 'network unreachable', blame: 'target' }],
  [0x04, { reason: 'host unreachable, or its name is not known', blame: 'target' }],
  [0x05, { reason: 'connection refused', blame: 'target' }],
  [0x06, { reason: 'timed out on the way', blame: 'target' }],
  [0x07, { reason: 'it does not know CONNECT', blame: 'proxy' }],
  [0x08, { reason: 'it does not take this kind of address', blame: 'proxy' }],
  [0xf0, { reason: 'the onion service is not known (offline, or a wrong address)', blame: 'target' }],
  [0xf1, { reason: 'the description of the onion service is not valid', blame: 'target' }],
  [0xf2, { reason: 'no introduction to the onion service', blame: 'target' }],
  [0xf3, { reason: 'no rendezvous with the onion service', blame: 'target' }],
  [0xf4, { reason: 'the onion service wants client authorization, and Tor has none for it', blame: 'target' }],
  [0xf5, { reason: 'the onion service refused the client authorization that Tor has', blame: 'target' }],
  [0xf6, { reason: 'not a valid onion address', blame: 'target' }],
  [0xf7, { reason: 'introduction to the onion service timed out', blame: 'target' }],
]);

/** What a reply code other than 0 means; unknown codes are the proxy's. */
export function replyMeaning(code: number): ReplyMeaning {
  return REPLIES.get(code) ?? { reason: `code ${code}, which is not in the standard`, blame: 'proxy' };
}
