/** What the sessions of one pool share. */
import type { EventEmitter } from 'node:events';
import type { DemoChain, TipChange } from '../chain/chain.ts';
import type { BlockFault } from '../chain/validate.ts';
import type { PoolFaults } from './faults.ts';
import type { PoolJob } from './job.ts';
import type { PoolSettings } from './options.ts';
import type { Reject } from './rejects.ts';
import type { SeatBook } from './seats.ts';
import type { WorkerBook } from './stats.ts';

export interface ShareEvent {
  readonly connection: number;
  /** As the miner wrote it; empty when it wrote none. */
  readonly worker: string;
  /** Null = accepted. */
  readonly reject: Reject | null;
  /** Difficulty the job asked for; null when the job is unknown. */
  readonly difficulty: number | null;
  /** Difficulty of the hash; null when it was not computed. */
  readonly shareDifficulty: number | null;
  /** Display form; null when it was not computed. */
  readonly hash: string | null;
  readonly isBlock: boolean;
}

export interface BlockEvent {
  readonly connection: number;
  readonly worker: string;
  readonly height: number;
  readonly hash: string;
  /** Null = the chain took it. */
  readonly reason: BlockFault | null;
}

export interface SimPoolEvents {
  connect: [{ connection: number; remote: string }];
  disconnect: [{ connection: number; remote: string; reason: string }];
  authorize: [{ connection: number; worker: string; accepted: boolean; userAgent: string | null }];
  difficulty: [{ connection: number; difficulty: number }];
  share: [ShareEvent];
  block: [BlockEvent];
  tip: [TipChange];
}

export interface PoolContext {
  readonly settings: PoolSettings;
  readonly faults: PoolFaults;
  readonly chain: DemoChain;
  readonly seats: SeatBook;
  readonly workers: WorkerBook;
  readonly events: EventEmitter<SimPoolEvents>;
  /** Mask miners may roll, as of now. */
  versionMask(): number;
  /** A job no miner has had, on the current tip. */
  freshJob(): PoolJob;
  /** Unique in the life of the pool, short hex. */
  nextJobId(): string;
}
