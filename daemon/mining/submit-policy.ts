import type { Mode } from '../brainstem/contract.ts';
import type { Share } from './job.ts';

/** nBits of regtest's genesis and of every regtest block (Bitcoin Core chainparams): no other network is that easy. */
const REGTEST_NBITS = 0x207fffff;

export interface SubmitPolicyOptions {
  readonly mode: Mode;
  /** `mining.live` of the configuration: the explicit opt-in. */
  readonly live: boolean;
  readonly autoSubmit: boolean;
}

/**
 * Whether a share may leave the daemon. Returns null when it may, else the reason in plain words.
 * demo submits (its only pool is the built-in one) · staging never submits · test submits to regtest only · live
 * submits to regtest, and to anything else after the explicit opt-in.
 */
export function withholdReason(share: Share, options: SubmitPolicyOptions): string | null {
  if (!options.autoSubmit) return 'mining.auto_submit is off';
  switch (options.mode) {
    case 'demo':
      return null;
    case 'staging':
      return 'staging mode never submits';
    case 'test':
      return share.job.nbits === REGTEST_NBITS ? null : 'test mode submits to regtest only';
    case 'live':
      return options.live || share.job.nbits === REGTEST_NBITS ? null : 'mining.live is not set in the configuration';
  }
}
