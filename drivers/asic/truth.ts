/**
 * What is known of a board's work because the host has checked it: every nonce hashed, the rate that follows from them, the three
 * clocks. Here ends what chips say, and begins what is so.
 */
import type { ShareOutcome } from '../contract.ts';
import type { BoardFacts, BoardNonce } from './board.ts';
import { ChipCounts } from './chip-counts.ts';
import { Clocks } from './clocks.ts';
import { ExpectedInterval } from './expected-interval.ts';
import { checkNonce } from './nonce-check.ts';
import { NonceRate, type Rate } from './rate-meter.ts';
import { hashesPerHit } from './ticket.ts';
import type { Trouble } from './trouble.ts';
import type { WorkTable } from './work-table.ts';

export type NonceVerdict =
  /** In its window, and at or below the target of its work: to be passed on. */
  | { readonly kind: 'wanted'; readonly workId: number }
  /** Good, and of no use: outside the window, or above the target. */
  | { readonly kind: 'counted' }
  /** Of a work that is not known (any more). */
  | { readonly kind: 'late' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'hardware_error'; readonly reason: string };

export class Truth {
  readonly counts = new ChipCounts();
  readonly clocks = new Clocks();
  readonly rate = new NonceRate();
  readonly interval = new ExpectedInterval();
  readonly #table: WorkTable;
  #hashes = 0;
  #late = 0;
  #verified = false;

  constructor(table: WorkTable) {
    this.#table = table;
  }

  /** Mean number of hashes that the nonces stand for which verified. */
  get hashes(): number {
    return this.#hashes;
  }

  get late(): number {
    return this.#late;
  }

  /** A nonce has verified since the last start. */
  get verified(): boolean {
    return this.#verified;
  }

  /** The board has been started. */
  up(now: number): void {
    this.#verified = false;
    this.clocks.start(now);
    this.interval.restart(now);
    this.counts.restart();
  }

  down(): void {
    this.clocks.stop();
  }

  /** The chips search work that is wanted, or do not: rate and clocks run meanwhile. */
  hashing(now: number, on: boolean): void {
    if (on) this.rate.begin(now);
    else this.rate.end(now);
    this.interval.hashing(now, on);
    this.clocks.hashing(now, on);
  }

  /** Judges a nonce by hashing it. */
  judge(now: number, { workId, nonce, version, chip, core }: BoardNonce, facts: BoardFacts): NonceVerdict {
    this.clocks.answer(now);
    const sent = workId === null ? undefined : this.#table.get(workId);
    if (!sent) {
      this.#late++;
      return { kind: 'late' };
    }
    const { work } = sent;
    const checked = checkNonce(work, nonce, version, facts.zeroBits);
    if (checked.error !== null) {
      this.counts.count('hardware_errors', chip, core);
      this.clocks.wrong(now);
      return { kind: 'hardware_error', reason: checked.error + place(chip, core) };
    }
    if (!this.#table.note(sent, nonce, version)) {
      this.counts.count('duplicates', chip, core);
      return { kind: 'duplicate' };
    }
    this.counts.count('nonces', chip, core);
    this.#verified = true;
    // What is still on its way from an easier ticket stands for fewer hashes than one of the present ticket.
    if (checked.zeroBits >= Math.floor(Math.log2(facts.hashesPerNonce))) {
      this.#hashes += facts.hashesPerNonce;
      this.rate.add(now, facts.hashesPerNonce);
      this.interval.nonce(now, facts.hashesPerNonce);
      this.clocks.nonce(now, Math.min(1, facts.hashesPerNonce / hashesPerHit(work.shareTarget)));
    }
    return checked.wanted ? { kind: 'wanted', workId: work.id } : { kind: 'counted' };
  }

  /** To be asked once a second while the board runs. Null = nothing is wrong with the hardware. */
  check(now: number, facts: BoardFacts): Trouble | null {
    const finding = this.clocks.check(now, { answerWithinMs: facts.answerWithinMs, nonceIntervalMs: this.interval.look(now, facts) });
    if (!finding) return null;
    return { kind: finding.clock === 'answers' ? 'silent' : finding.clock, reason: finding.reason };
  }

  /** The best estimate of the hash rate; null while nothing can be said. */
  best(now: number, facts: BoardFacts | null): Rate | null {
    return this.rate.best(now, facts?.hashesPerNonce ?? 0);
  }

  share(now: number, outcome: ShareOutcome): void {
    this.clocks.share(now, outcome);
  }
}

function place(chip: number | null, core: number | null): string {
  if (chip === null) return '';
  return core === null ? ` (chip ${chip})` : ` (chip ${chip}, core ${core})`;
}
