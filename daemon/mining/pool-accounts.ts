import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { PoolAccountState } from '../telemetry/state.ts';
import type { MiningEngine } from './engine.ts';
import { HashMeter } from './hash-meter.ts';
import type { Job } from './job.ts';
import { noPoolAccount, PoolAccount } from './pool-account.ts';

/** How often hashes are put to the account of the pool they are made for; rates of devices that do not count are taken as steady for so long. */
const SETTLE_MS = 1000;

/** One account per pool. Hashes go to the pool whose job the devices have at the time. */
export class PoolAccounts {
  readonly #engine: MiningEngine;
  readonly #clock: Clock;
  readonly #accounts = new Map<string, PoolAccount>();
  readonly #meter = new HashMeter();
  #job: Job | null = null;
  #settledAt: number;
  #timer: Timer | null = null;

  constructor(engine: MiningEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#settledAt = clock.monotonic();
    engine.events.on('job', (job) => this.#switch(job));
    engine.events.on('active', (sourceId) => {
      if (sourceId === null) this.#switch(null);
    });
    engine.events.on('hardwareError', () => {
      if (this.#job !== null) this.#of(this.#job.sourceId).noteHardwareError(clock.monotonic());
    });
    engine.events.on('verdict', (share, verdict) => {
      const own = engine.device(share.deviceId) !== undefined;
      this.#of(share.job.sourceId).noteVerdict(share, verdict, own, clock.monotonic(), clock.now());
    });
  }

  start(): void {
    this.#timer ??= this.#clock.every(SETTLE_MS, () => this.#settle());
  }

  stop(): void {
    this.#settle();
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** The account of a pool; hashes up to the last second. */
  of(poolId: string): PoolAccountState {
    return this.#accounts.get(poolId)?.snapshot(this.#clock.monotonic()) ?? noPoolAccount();
  }

  #switch(job: Job | null): void {
    const before = this.#job;
    this.#job = job;
    // Asking every device takes a moment, and devices wait for this job: what goes to the same account at the same difficulty can wait.
    if (before !== null && job !== null && before.sourceId === job.sourceId && before.shareDifficulty === job.shareDifficulty) return;
    this.#settle(before);
  }

  /** Puts what was hashed since the last time to the account of the pool it was hashed for. */
  #settle(job = this.#job): void {
    const now = this.#clock.monotonic();
    const hashes = this.#meter.take(this.#engine.devices, now);
    const ms = now - this.#settledAt;
    this.#settledAt = now;
    // Without a job devices wait; what they still finish is nobody's.
    if (job !== null) this.#of(job.sourceId).noteHashes(job, hashes, ms, now);
  }

  #of(poolId: string): PoolAccount {
    const account = this.#accounts.get(poolId) ?? new PoolAccount();
    this.#accounts.set(poolId, account);
    return account;
  }
}
