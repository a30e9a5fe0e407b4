import { createHash, randomBytes } from 'node:crypto';
import { leadingZeroDigits } from '../../protocol/bitcoin/target.ts';
import { versionBitsToSubmit } from '../../protocol/bitcoin/version-rolling.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { CheckedShare } from '../../protocol/stratum-v1/server/share-check.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { Job, JobSource, Share } from '../mining/job.ts';
import type { Worker } from './workers.ts';

/** Sends on what the source wants of the miners' shares: the same way as those of this rig, policy and records included. */
export class ShareForwarder {
  readonly #engine: Pick<MiningEngine, 'submitForeign'>;
  readonly #clock: Clock;
  /** Tells two runs of the daemon apart, as the ledger does by these ids. */
  readonly #idPrefix = `lan${randomBytes(3).toString('hex')}`;
  #count = 0;

  constructor(engine: Pick<MiningEngine, 'submitForeign'>, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /**
   * @param account where the source's answer is noted; null = nowhere
   * @param own the miner's own connection to the source; null = it shares the rig's
   */
  forward(checked: CheckedShare<Job>, worker: string, account: Worker | null, own: JobSource | null): void {
    const share = this.#shareOf(checked, worker);
    void this.#engine.submitForeign(share, own).then((verdict) => account?.noteVerdict(verdict, share.isBlock));
  }

  #shareOf(checked: CheckedShare<Job>, worker: string): Share {
    const { issue, extranonce2, ntime, nonce, version, header, hash, difficulty, isBlock } = checked;
    const { job } = issue.served;
    return {
      id: `${this.#idPrefix}-${(this.#count += 1)}`,
      job,
      deviceId: deviceIdOf(worker),
      extranonce2,
      ntime,
      nonce,
      version,
      versionBits: job.versionMask === 0 ? null : versionBitsToSubmit(job.version, job.versionMask, version),
      header,
      hash,
      difficulty,
      leadingZeros: leadingZeroDigits(hash),
      isBlock,
      foundAt: this.#clock.now(),
    };
  }
}

/** Names of devices are short and of few letters: `Rig.1` -> `lan-rig-1-5f2c`; the end tells apart what would become the same. */
export function deviceIdOf(worker: string): string {
  const plain = worker.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  if (plain === worker && plain.length <= 50) return `lan-${plain}`;
  const mark = createHash('sha256').update(worker).digest('hex').slice(0, 4);
  return `lan-${`${plain.slice(0, 50)}-${mark}`.replace(/^-/, '')}`;
}
