import type { CheckedHash } from '../dtm/nonce-check.ts';
import type { SwitchCause } from './choice/pool-choice.ts';
import type { Job, Share, SourceState, Verdict } from './job.ts';

/** What the mining engine tells the rest of the daemon (ledger, telemetry, looping). Listeners must not throw. */
export interface MiningEvents {
  /** A new job is being worked on. */
  job: [Job];
  /** The newest job of any source, active or not. */
  sourceJob: [Job];
  /** A source's work is worthless until its next job. */
  sourceLost: [sourceId: string, reason: string];
  /** A share was found and checked; its verdict follows. */
  share: [Share];
  verdict: [Share, Verdict];
  /** A hash at or below the local target that no pool wants. */
  localHit: [deviceId: string, CheckedHash];
  hardwareError: [deviceId: string, reason: string];
  duplicate: [deviceId: string];
  /** A source's status, or the choice of source, changed. */
  source: [SourceState];
  /** The source being mined for changed; null = none has work. */
  active: [sourceId: string | null, reason: string, cause: SwitchCause];
  /** A new job has reached the wire of a device. @param ms since its bytes came from the pool */
  jobSent: [deviceId: string, ms: number];
  /** A share was written to the socket of its pool. @param ms since the last byte of its nonce came from the device */
  shareSent: [deviceId: string, ms: number];
  /** A device's status changed. */
  device: [deviceId: string];
}
