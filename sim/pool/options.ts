/** Settings of the simulated pool. */
import type { Clock } from '../../protocol/common/clock.ts';
import type { DemoChain } from '../chain/chain.ts';
import type { ChainParams } from '../chain/params.ts';

export interface VardiffOptions {
  /** Wanted seconds between two shares of one connection. */
  readonly shareSpacing_s: number;
  readonly min: number;
  readonly max: number;
}

export interface PoolLimits {
  /** Longest line taken from a miner, bytes. */
  readonly lineBytes: number;
  /** Bytes that may wait for a miner that does not read. */
  readonly sendQueueBytes: number;
  readonly connections: number;
  /** Lines that are not Stratum before the connection is closed. */
  readonly badLines: number;
  readonly subscribeWithinMs: number;
  readonly authorizeWithinMs: number;
  readonly shareWithinMs: number;
  /** How long a session can be resumed after its connection went. */
  readonly resumeWithinMs: number;
}

export interface PoolSettings {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly clock: Clock;
  /** PEM key and certificate: the pool then speaks TLS. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
  /** A chain to share between pools; otherwise the pool makes one with `chainParams`. */
  readonly chain: DemoChain | null;
  readonly chainParams: Partial<ChainParams>;
  /** Difficulty of a new connection. */
  readonly difficulty: number;
  /** Null = fixed difficulty. */
  readonly vardiff: VardiffOptions | null;
  /** Version bits miners may roll (BIP310); 0 = version rolling refused. */
  readonly versionMask: number;
  readonly extranonce1Size: number;
  readonly extranonce2Size: number;
  /** A fresh job goes out at least this often. */
  readonly jobRefreshMs: number;
  /** Synthetic transactions in every block. */
  readonly transactions: number;
  /** Which workers may mine; everybody when left out. */
  readonly authorize: (worker: string, password: string) => boolean;
  readonly limits: PoolLimits;
}

export type PoolOptions = Partial<Omit<PoolSettings, 'limits'>> & { readonly limits?: Partial<PoolLimits> };

/** 2^20 hashes a share: under a second at 1.4 MH/s, and vardiff is there within seconds for the rest. */
export const DEFAULT_DIFFICULTY = 2 ** -12;

/** Shares above this many seconds after a job's own time are refused, as ckpool does. */
export const NTIME_AHEAD_S = 7000;
/** Jobs of one connection that are still known. */
export const JOBS_KEPT = 16;

export const DEFAULT_LIMITS: PoolLimits = {
  lineBytes: 8192,
  sendQueueBytes: 256 * 1024,
  connections: 1024,
  badLines: 10,
  subscribeWithinMs: 15_000,
  authorizeWithinMs: 120_000,
  shareWithinMs: 2 * 3_600_000,
  resumeWithinMs: 600_000,
};
