import type { WireId } from './encode.ts';

/** The parameters of a mining.notify, checked and turned into bytes and numbers. */
export interface NotifyParams {
  readonly jobId: string;
  /** 32 bytes in header order (the words of the wire form swapped back). */
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly coinb2: Uint8Array;
  readonly merkleBranch: readonly Uint8Array[];
  readonly version: number;
  readonly nbits: number;
  /** Network target of `nbits`. */
  readonly networkTarget: bigint;
  readonly ntime: number;
  readonly cleanJobs: boolean;
}

/** Where nonces of a session live in the coinbase. */
export interface Extranonce {
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
}

/** An error as pools write it in five different shapes. */
export interface WireError {
  readonly code: number | null;
  /** Sanitised; null when the pool gave no words. */
  readonly message: string | null;
}

/** A line without "method": the answer to a request of ours. */
export interface ResponseMessage {
  readonly kind: 'response';
  readonly id: WireId;
  readonly result: unknown;
  readonly error: WireError | null;
}

/** A line that cannot be used. */
export interface MalformedMessage {
  readonly kind: 'malformed';
  readonly reason: string;
  /** The Stratum method whose parameters are wrong; null when the line is not a Stratum message at all. */
  readonly method: string | null;
  /** A notify that would have ended older work: work must stop although the job is lost. */
  readonly cleanJobs: boolean;
}

/** What one line of a server means. */
export type ServerMessage =
  | { readonly kind: 'notify'; readonly job: NotifyParams }
  | { readonly kind: 'set_difficulty'; readonly difficulty: number }
  | { readonly kind: 'set_extranonce'; readonly extranonce: Extranonce }
  | { readonly kind: 'set_version_mask'; readonly mask: number }
  /** `host`/`port` null = the present ones; `tls` null = not said. */
  | { readonly kind: 'reconnect'; readonly host: string | null; readonly port: number | null; readonly tls: boolean | null; readonly waitS: number }
  | { readonly kind: 'show_message'; readonly text: string }
  | { readonly kind: 'get_version'; readonly id: WireId }
  | { readonly kind: 'ping'; readonly id: WireId }
  | { readonly kind: 'unknown_method'; readonly method: string; readonly id: WireId }
  | ResponseMessage
  | MalformedMessage;
