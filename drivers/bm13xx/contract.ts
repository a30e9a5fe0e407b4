/**
 * A chain of BM13xx chips on a line that is already open: the part of a Board that is the same on a bare UART, behind a
 * bitaxe-raw bridge and on a stick. Knows nothing of power, fans and sensors; whoever owns it does, and holds the reset line.
 */
import type { EventEmitter } from 'node:events';
import type { Bm13xxChip, Bm13xxName } from '../../protocol/bm13xx/chips.ts';
import type { Topology } from '../../protocol/bm13xx/domains.ts';
import type { InitStep } from '../../protocol/bm13xx/init/steps.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { BoardFacts, BoardNonce } from '../asic/board.ts';
import type { Work } from '../contract.ts';
import type { Transport } from '../transport/contract.ts';

export interface ChainSettings {
  /** Null = whatever chip answers, when it is a known one. */
  readonly chip: Bm13xxName | null;
  /** Fewer is a fault (their nonce ranges would overlap); null = as many as answer. */
  readonly chipsExpected: number | null;
  /** Speed to change the line to; `chip` = the fast one of the chip that answers; null = stay at 115,200, as where the bridge fixes its speed. */
  readonly hostBaud: number | 'chip' | null;
  readonly zeroBits: number;
  readonly topology: Topology | null;
  /** Start-up in another order than the chip's usual one; null = the usual one. */
  readonly sequence: readonly InitStep[] | null;
}

export interface ChainEvents {
  answer: [];
  nonce: [BoardNonce];
  /** As of a Board. */
  sent: [workId: number];
  /** The line went, or chips that ran have been silent for `answerWithinMs`. */
  trouble: [kind: 'gone' | 'silent', reason: string];
}

export interface ChainCounters {
  readonly bytes_skipped: number;
  readonly crc_errors: number;
  readonly frames: number;
  /** Hashes per second by the chips' own counters; null = they have none, or not yet. */
  readonly hashrate_claimed_hs: number | null;
  /** Of chips that measure it (BM1368); null = unknown. */
  readonly temp_c: number | null;
}

export interface Chain {
  readonly events: EventEmitter<ChainEvents>;
  readonly facts: BoardFacts | null;
  readonly chip: Bm13xxChip | null;
  /**
   * Counts the chips, after the owner has pulsed reset (or without, where there is no line: then the fast speed is tried too
   * when 115,200 stays silent). @throws RigError E_DEVICE_SILENT, E_DEVICE_PORT
   */
  enumerate(signal: AbortSignal): Promise<{ readonly chip: Bm13xxChip; readonly chips: number }>;
  /** Addresses, registers, ramp from 50 MHz to `mhz`; voltage must be there already. Then jobs may be sent. @throws as `enumerate` */
  start(mhz: number, signal: AbortSignal): Promise<BoardFacts>;
  send(work: Work): void;
  setTicket(difficulty: number): void;
  /** In steps of 6.25 MHz, 100 ms each; also rewrites what depends on it (hash counting number). @throws RigError E_DEVICE_PORT */
  ramp(mhz: number, signal: AbortSignal): Promise<BoardFacts>;
  /** Slowest clock, no jobs. For owners who cannot cut power. Never rejects. */
  quiet(): Promise<void>;
  /** Forgets everything, as after a reset; timers off. The transport stays open. */
  clear(): void;
  counters(): ChainCounters;
}

export interface ChainParts {
  readonly transport: Transport;
  readonly settings: ChainSettings;
  readonly clock: Clock;
  readonly log: Log;
}
