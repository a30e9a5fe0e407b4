import type { Deadlines } from './limits.ts';

/** What one connection learned that the next one to the same pool should know. */
export interface ClientHints {
  /** `try_without`: the last connection was closed upon mining.configure. `skip`: it is known to work only without. */
  readonly configure: 'send' | 'try_without' | 'skip';
  /** Session to ask for again; null = none. */
  readonly sessionId: string | null;
}

export const NO_HINTS: ClientHints = { configure: 'send', sessionId: null };

export interface ClientOptions {
  /** `name/version` for mining.subscribe and client.get_version. */
  readonly userAgent: string;
  /** Worker name as the pool expects it. */
  readonly user: string;
  readonly password: string;
  /** The configured endpoint, against which client.reconnect is judged. */
  readonly host: string;
  /** Whether this connection is encrypted: no redirect leaves that. */
  readonly tls: boolean;
  /** A further say in client.reconnect (a list of trusted pools): why the place is refused, or null. Host and port null = the present ones. */
  readonly refuseHost?: (host: string | null, port: number | null) => string | null;
  /** Version bits the hardware can and the user wants to roll; 0 = none. */
  readonly versionMask: number;
  readonly minimumDifficulty: number | null;
  readonly suggestDifficulty: number | null;
  readonly subscribeExtranonce: boolean;
  /** Send shares of jobs the pool has replaced as well. Blocks are always sent. */
  readonly submitStale: boolean;
  readonly hints: ClientHints;
  readonly deadlines: Deadlines;
}

/** A share to submit, in the terms of the job it was found for. */
export interface Submission {
  /** The owner's name for the share; comes back with the verdict. */
  readonly token: string;
  /** `sequence` of the job. */
  readonly jobSequence: number;
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  /** Full header version that was hashed. */
  readonly version: number;
  /** Meets (or nearly meets) the network target: sent even when its job is stale. */
  readonly isBlock: boolean;
}
