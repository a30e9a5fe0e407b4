/**
 * What is done about a board in trouble, from the mildest to giving up for a while, so that a sick board is helped when it can
 * be and is never started over and over. A pure state machine: time comes in as a number (monotonic ms).
 *
 * Silence: send the work again, reset the chips (twice), open the port anew, then isolate. Heat: wait until it has cooled.
 * A regulator, sensor or controller that cannot be trusted: isolate at once. Isolated = stopped and safe for 1, 5, 15, 60 min.
 */

/** `few`: chips hash, but far too little. `port`: it is plugged in and cannot be opened. Others as in `BoardTrouble`. */
export type TroubleKind = 'gone' | 'silent' | 'nonces' | 'few' | 'overheat' | 'sensor' | 'power' | 'control' | 'port';

export type Remedy =
  /** Send the newest work again. */
  | { readonly do: 'resend' }
  /** Start the board again: the reset of its chips. */
  | { readonly do: 'reset' }
  /** Stop and close it, and make a new one of its ports. */
  | { readonly do: 'reopen' }
  /** Stop and close it, and wait for its ports to come back. */
  | { readonly do: 'wait_for_port' }
  /** Halt it until it has cooled, for 60 s at least. */
  | { readonly do: 'cool' }
  /** Stop and close it for a time. */
  | { readonly do: 'isolate'; readonly ms: number }
  /** Leave it as it is: it hashes, and nothing more can be done. */
  | { readonly do: 'bear' };

export interface Step {
  readonly remedy: Remedy;
  /** True once an episode: a person has to know. */
  readonly alert: boolean;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Starts of a board in trouble within any hour. Those a person, the pool or a plug asks for are not among them. */
export const STARTS_PER_HOUR = 8;
export const ISOLATION_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS] as const;
/** So long without trouble pays one isolation back and ends the episode. */
export const HEALTHY_MS = 10 * MINUTE_MS;
/** Rungs for silence. Without answers there is nobody to send work to, so that starts with the reset. */
const SILENCE_RUNGS = ['resend', 'reset', 'reset', 'reopen'] as const;
const FLAP_WINDOW_MS = 10 * MINUTE_MS;
/** Disappearances within ten minutes: of a board that had not got to hashing (something breaks down), and of any. */
const FLAPS = { barren: 8, any: 30 } as const;
const OVERHEATS_PER_HOUR = 3;
/** Resets for few nonces within an hour; after them they are borne, because a weak board is worth more than none. */
const FEW_RESETS_PER_HOUR = 2;
const PORT_WAIT_MS = [2000, 4000, 8000, 15_000, 30_000, MINUTE_MS] as const;

export interface LadderState {
  readonly rung: number;
  readonly isolations: number;
  readonly starts_last_hour: number;
  readonly alerted: boolean;
}

export class Ladder {
  #rung = 0;
  #isolations = 0;
  #alerted = false;
  #healthySince: number | null = null;
  /** Times of starts, disappearances ..., oldest first, no older than an hour. */
  readonly #starts: number[] = [];
  readonly #gone: { readonly at: number; readonly barren: boolean }[] = [];
  readonly #overheats: number[] = [];
  readonly #few: number[] = [];
  #portFailures = 0;

  /**
   * What to do now.
   * @param hashed since its last start the board has given a nonce that verified
   */
  trouble(now: number, kind: TroubleKind, hashed: boolean): Step {
    this.#healthySince = null;
    this.#forgetOld(now);
    switch (kind) {
      case 'gone':
        return this.#onGone(now, hashed);
      case 'port':
        return { remedy: { do: 'isolate', ms: PORT_WAIT_MS[Math.min(this.#portFailures++, PORT_WAIT_MS.length - 1)]! }, alert: false };
      case 'overheat':
        this.#overheats.push(now);
        return this.#overheats.length > OVERHEATS_PER_HOUR || this.waitMs(now) > MINUTE_MS ? this.#isolate(now, true) : { remedy: { do: 'cool' }, alert: false };
      case 'sensor':
      case 'power':
      case 'control':
        return this.#isolate(now, true);
      case 'few':
        return this.#onFew(now);
      case 'silent':
      case 'nonces':
        return this.#onSilence(now, kind);
    }
  }

  #onSilence(now: number, kind: 'silent' | 'nonces'): Step {
    if (kind === 'silent') this.#rung = Math.max(1, this.#rung);
    const rung = SILENCE_RUNGS[this.#rung];
    if (rung === undefined || (rung !== 'resend' && this.waitMs(now) > 0)) return this.#isolate(now, false);
    this.#rung++;
    return { remedy: { do: rung }, alert: false };
  }

  #onFew(now: number): Step {
    if (this.#few.length >= FEW_RESETS_PER_HOUR || this.waitMs(now) > 0) return { remedy: { do: 'bear' }, alert: this.#tellOnce() };
    this.#few.push(now);
    return { remedy: { do: 'reset' }, alert: false };
  }

  #onGone(now: number, hashed: boolean): Step {
    this.#gone.push({ at: now, barren: !hashed });
    const recent = this.#gone.filter(({ at }) => at > now - FLAP_WINDOW_MS);
    const flaps = recent.length > FLAPS.any || recent.filter(({ barren }) => barren).length > FLAPS.barren;
    return flaps ? this.#isolate(now, true) : { remedy: { do: 'wait_for_port' }, alert: false };
  }

  /** @param at once: the reason is one that a person has to look after */
  #isolate(now: number, atOnce: boolean): Step {
    const distance = ISOLATION_MS[Math.min(this.#isolations, ISOLATION_MS.length - 1)]!;
    this.#isolations++;
    // One attempt at a time: afterwards the next silence isolates again, at a longer distance.
    this.#rung = SILENCE_RUNGS.length;
    const alert = (atOnce || this.#isolations >= ISOLATION_MS.length) && this.#tellOnce();
    return { remedy: { do: 'isolate', ms: Math.max(distance, this.waitMs(now)) }, alert };
  }

  #tellOnce(): boolean {
    const first = !this.#alerted;
    this.#alerted = true;
    return first;
  }

  /** How long a start on the ladder's account must still wait for the budget of an hour; 0 = not at all. */
  waitMs(now: number): number {
    const nth = this.#starts.at(-STARTS_PER_HOUR);
    return nth === undefined ? 0 : Math.max(0, nth + HOUR_MS - now);
  }

  /** A start is made on the ladder's account (after `waitMs` has said 0). */
  starting(now: number): void {
    this.#forgetOld(now);
    this.#starts.push(now);
  }

  /** The board runs: its ports are all right. */
  started(): void {
    this.#portFailures = 0;
  }

  /**
   * To be told about once a second while the board hashes and nothing is wrong.
   * @returns true when that ends an episode that a person was told of
   */
  healthy(now: number): boolean {
    this.#healthySince ??= now;
    if (now - this.#healthySince < HEALTHY_MS) return false;
    this.#healthySince = now;
    this.#forgetOld(now);
    this.#rung = 0;
    this.#isolations = Math.max(0, this.#isolations - 1);
    if (this.#isolations > 0 || !this.#alerted || this.#few.length > 0) return false;
    this.#alerted = false;
    return true;
  }

  /** It is paused, has no work or is not there: neither healthy nor in trouble. */
  resting(): void {
    this.#healthySince = null;
  }

  /** A person has asked for a restart, or pulled the plug: a new episode. The starts of the last hour still count. */
  forgive(): void {
    this.#rung = 0;
    this.#isolations = 0;
    this.#alerted = false;
    this.#portFailures = 0;
    this.#healthySince = null;
  }

  state(now: number): LadderState {
    this.#forgetOld(now);
    return { rung: this.#rung, isolations: this.#isolations, starts_last_hour: this.#starts.length, alerted: this.#alerted };
  }

  #forgetOld(now: number): void {
    const old = now - HOUR_MS;
    for (const times of [this.#starts, this.#overheats, this.#few]) while (times.length > 0 && times[0]! <= old) times.shift();
    while (this.#gone.length > 0 && this.#gone[0]!.at <= old) this.#gone.shift();
    // More than the greatest limit says no more.
    while (this.#gone.length > 2 * FLAPS.any) this.#gone.shift();
  }
}
