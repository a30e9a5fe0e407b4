import { randomBytes } from 'node:crypto';
import type { Socks5Credentials } from '../../protocol/socks5/handshake.ts';

/** 128 bits: two pools never share a circuit by chance. */
export function randomCredentials(): Socks5Credentials {
  return { user: randomBytes(16).toString('hex'), password: randomBytes(16).toString('hex') };
}
