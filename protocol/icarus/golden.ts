/**
 * The probe for "is this an Icarus?": USB bridges have shared ids, so the device itself must answer. The work is that of
 * block 171874, whose nonce comes after 0.002 % of the range (0x0001 87a2 in the order the chips search): within a
 * millisecond or two on any of these devices. Hardware reference 8; the block is public.
 */
import { equalBytes, hexToBytes } from '../common/bytes.ts';

/** Work of block 171874. */
export const GOLDEN_WORK: Readonly<Uint8Array> = hexToBytes(
  '4679ba4ec99876bf4bfe086082b400254df6c356451471139a3afa71e48f544a' +
    '0000000000000000000000000000000000000000' +
    '87320b1a1426674f2fa722ce',
);
/** The only right answer: the nonce bytes of that block. */
export const GOLDEN_REPLY: Readonly<Uint8Array> = hexToBytes('000187a2');
/** How long to wait for the answer, in ms. A USB bridge alone may take 16 ms each way. */
export const GOLDEN_TIMEOUT_MS = 250;

export type ProbeResult =
  /** `extraBytes` after the nonce: 0 Icarus, Lancelot, Block Erupter; 1 Antminer U1-U3; 4 Rockminer. */
  | { readonly kind: 'icarus'; readonly extraBytes: number }
  /** Something else lives on that port. */
  | { readonly kind: 'other' }
  | { readonly kind: 'silent' };

/** Judges everything that was received from the probe to its timeout. */
export function judgeGoldenProbe(received: Uint8Array): ProbeResult {
  if (received.length === 0) return { kind: 'silent' };
  const extraBytes = received.length - GOLDEN_REPLY.length;
  // More than a reply of the longest kind is a device that talks by itself, e.g. a GPS.
  if (extraBytes < 0 || extraBytes > 4 || !equalBytes(received.subarray(0, 4), GOLDEN_REPLY)) return { kind: 'other' };
  return { kind: 'icarus', extraBytes };
}
