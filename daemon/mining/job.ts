/**
 * The words of the mining data flow: Job in, Share out, Verdict back. Everything here is immutable data; who makes
 * and who consumes it is drawn in ARCHITECTURE.md.
 */
import type { EventEmitter } from 'node:events';
import type { Service } from '../../protocol/common/service.ts';

/**
 * One unit of work from a job source, as much of a block as is needed to build headers. A Stratum V1 notify and a
 * getblocktemplate both become this. A Job carries the session it came from; its shares can go nowhere else.
 */
export interface Job {
  /** Unique in this process: `source:session:sequence`. */
  readonly key: string;
  readonly sourceId: string;
  /** Number of the connection (or template series) it came from; increases with every reconnect. */
  readonly session: number;
  /** The pool's own id, to be echoed in the submit. Not unique over time. */
  readonly poolJobId: string;
  /** 32 bytes in header order. */
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly extranonce1: Uint8Array;
  /** Bytes of extranonce2; may be 0. */
  readonly extranonce2Size: number;
  readonly coinb2: Uint8Array;
  /** Raw digests, folded on the right (Stratum V1 order). */
  readonly merkleBranch: readonly Uint8Array[];
  readonly version: number;
  /** Version bits this session agreed may be rolled; 0 = none. */
  readonly versionMask: number;
  /** Compact network target, as a number. */
  readonly nbits: number;
  readonly ntime: number;
  /** True when work on older jobs of this source is worthless. */
  readonly clean: boolean;
  /** Difficulty in force when the job arrived (1 = target 0xffff << 208). */
  readonly shareDifficulty: number;
  readonly shareTarget: bigint;
  readonly networkTarget: bigint;
  /** Block height when the coinbase tells it (BIP34), else null. */
  readonly height: number | null;
  /** Wall clock, ms since the epoch. */
  readonly receivedAt: number;
  /** When the bytes that brought it were read, `Clock.monotonic()`. */
  readonly receivedMono: number;
}

/** A nonce that was re-hashed on the host and is at or below the share target of its own job. */
export interface Share {
  readonly id: string;
  readonly job: Job;
  readonly deviceId: string;
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  /** Full header version that was hashed. */
  readonly version: number;
  /** The rolled bits to submit (BIP310), or null when no mask was agreed. */
  readonly versionBits: number | null;
  /** All 80 bytes. */
  readonly header: Uint8Array;
  /** SHA-256d in digest order (the display form is its reverse). */
  readonly hash: Uint8Array;
  /** 0xffff << 208 divided by the hash. */
  readonly difficulty: number;
  /** Leading zero hex digits of the display form. */
  readonly leadingZeros: number;
  /** At or below the network target: a block. */
  readonly isBlock: boolean;
  /** Wall clock, ms since the epoch. */
  readonly foundAt: number;
}

/**
 * What became of a share. `unknown` = sent, never answered (disconnect or deadline). `withheld` = not sent on purpose
 * (staging mode, auto_submit off, or its session is gone). A `reason` beside `accepted` says which of several nodes said
 * what. `block_file`: where a solo block is kept that no node took, relative to the mode's base folder.
 */
export type Verdict =
  | { readonly status: 'accepted'; readonly latency_ms: number; readonly reason?: string }
  | { readonly status: 'rejected' | 'stale' | 'duplicate' | 'low_difficulty' | 'unauthorized'; readonly code: number | null; readonly reason: string; readonly latency_ms: number; readonly block_file?: string }
  | { readonly status: 'unknown' | 'withheld'; readonly reason: string; readonly block_file?: string };

export type SourceStatus = 'idle' | 'connecting' | 'handshaking' | 'waiting_for_job' | 'mining' | 'backing_off' | 'auth_failed' | 'stopped';

/** A change of status: to what, why, and when (wall clock). */
export interface StatusChange {
  readonly status: SourceStatus;
  readonly reason: string | null;
  readonly at: number;
}

/** What `EndpointState` tells of the place work comes from. Times are wall clock. */
export interface EndpointFacts {
  readonly status: SourceStatus;
  /** Plain words: why it is in this status. */
  readonly reason: string | null;
  /** When the status last changed. */
  readonly since: number;
  /** Attempts that failed since it last held work for a minute. */
  readonly failures: number;
  /** When it is tried again; null = it is not waiting for that. */
  readonly next_attempt_at: number | null;
  /** When it last sent anything readable. */
  readonly last_heard_at: number | null;
  /** The last changes of status, oldest first. */
  readonly history: readonly StatusChange[];
}

/** What a source tells about itself; `null` = unknown. */
export interface SourceState extends EndpointFacts {
  readonly id: string;
  readonly kind: 'stratum_v1' | 'gbt';
  /** Without credentials. */
  readonly url: string;
  readonly user: string | null;
  readonly difficulty: number | null;
  readonly version_mask: string | null;
  readonly jobs_received: number;
  readonly last_job_at: number | null;
  readonly bad_lines: number;
  readonly reconnects: number;
  /** Median-ish answer time of the last submits. */
  readonly latency_ms: number | null;
  /** Last message the pool wanted shown, control characters removed. */
  readonly message: string | null;
}

export interface SourceEvents {
  job: [Job];
  /** Work of this source is worthless from now on (disconnect, unreadable new job, block found): stop until a new job. */
  invalidate: [reason: string];
  change: [];
}

/** Where jobs come from and shares go to. */
export interface JobSource extends Service {
  readonly id: string;
  readonly events: EventEmitter<SourceEvents>;
  state(): SourceState;
  /**
   * Sends a share on the session its job came from and resolves with the verdict. Never rejects. A share of a session
   * that is gone resolves `withheld`; one that is not answered by the deadline resolves `unknown`.
   */
  submit(share: Share): Promise<Verdict>;
  /** Told of a share that the submit policy keeps from being sent; a source may need to withdraw its work. */
  heldBack?(share: Share): void;
}
