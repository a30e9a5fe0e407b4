/** What a replay tells about the frames of a capture, in order. */
import type { Bm13xxName } from '../chips.ts';
import type { Command } from '../command.ts';
import type { FullHeaderJob } from '../job-full-header.ts';
import type { MidstateJob } from '../job-midstate.ts';
import type { NonceLocation } from '../nonce-location.ts';
import type { NonceReply, RegisterReply } from '../reply.ts';

export type ReplayJob = { readonly format: 'full-header'; readonly job: FullHeaderJob } | { readonly format: 'midstate'; readonly job: MidstateJob };

export type NonceVerdict =
  /** Hashed again, the first 32 bits are zero, and it is as hard as the ticket mask asks. */
  | 'verified'
  /** Hashed again with the first 32 bits zero, but easier than the ticket mask written last. */
  | 'below-ticket'
  /** There is a job of this id, but the hash is nothing special. */
  | 'hardware-error'
  /** No job of this id was sent in the capture. */
  | 'unknown-job';

export type ReplayEvent =
  | { readonly type: 'command'; readonly frame: Uint8Array; readonly command: Command }
  | ({ readonly type: 'job'; readonly frame: Uint8Array; readonly serial: number } & ReplayJob)
  | { readonly type: 'register'; readonly frame: Uint8Array; readonly reply: RegisterReply }
  | {
      readonly type: 'nonce';
      readonly frame: Uint8Array;
      readonly reply: NonceReply;
      /** null while neither the chip nor a job that fits is known. */
      readonly chip: Bm13xxName | null;
      readonly location: NonceLocation | null;
      readonly verdict: NonceVerdict;
      readonly duplicate: boolean;
      /** Which job of the capture, counted from 0; null when none fits. */
      readonly jobSerial: number | null;
      /** Digest order; null when there is no job to hash. */
      readonly hash: Uint8Array | null;
      readonly difficulty: number | null;
      /** The version that was hashed; null for midstate jobs, whose versions are not on the wire. */
      readonly version: number | null;
    }
  | { readonly type: 'unreadable'; readonly direction: 'tx' | 'rx'; readonly frame: Uint8Array; readonly problem: string }
  | { readonly type: 'skipped'; readonly direction: 'tx' | 'rx'; readonly bytes: number; readonly crcErrors: number };

export interface ReplaySummary {
  /** Model by its chip-id replies; null when none came and none was given. */
  readonly chip: Bm13xxName | null;
  /** Most chips that answered one read of register 00. */
  readonly chips: number;
  readonly commands: number;
  readonly jobs: number;
  readonly registers: number;
  readonly nonces: number;
  /** Nonces whose hash was computed again and proves work (those below the ticket mask included). */
  readonly noncesVerified: number;
  readonly noncesBelowTicket: number;
  readonly noncesUnknownJob: number;
  readonly hardwareErrors: number;
  /** Nonces that had come before for the same job and version. */
  readonly duplicates: number;
  readonly crcErrors: number;
  readonly bytesSkipped: number;
  /** Bytes at the end of the capture that are the beginning of a frame. */
  readonly bytesIncomplete: number;
}
