import type { GekkoRegisterReply } from '../../protocol/gekko/reply.ts';
import type { Dialect } from './dialect.ts';

/** Rounds in a row that must be bad before it counts: single replies get lost. */
const BAD_ROUNDS = 3;

/**
 * Judges the answers to the question for the frequency, which every chip answers. Chips that lost power for a moment run on at
 * their own frequency without an address, and search what others search: only these answers show it.
 */
export class Heartbeat {
  readonly #dialect: Dialect;
  readonly #chips: number;
  #answers: number | null = null;
  #wrongMhz: number | null = null;
  /** What was wrong the last time, and for how many rounds that has been so. */
  #wrong: 'missing' | 'too many' | 'frequency' | null = null;
  #rounds = 0;
  #toldMhz: number | null = null;

  constructor(dialect: Dialect, chips: number) {
    this.#dialect = dialect;
    this.#chips = chips;
  }

  /** The frequency a chip told last; null = none yet, or it cannot be read. */
  get toldMhz(): number | null {
    return this.#toldMhz;
  }

  /**
   * The question is asked again; judges the answers since the last time.
   * @returns plain words for a person when something has been wrong for several rounds
   */
  ask(): string | null {
    const { chip } = this.#dialect;
    const answers = this.#answers;
    const wrongMhz = this.#wrongMhz;
    this.#answers = 0;
    this.#wrongMhz = null;
    if (answers === null) return null;
    const wrong = wrongMhz !== null ? 'frequency' : answers < this.#chips ? 'missing' : answers > this.#chips ? 'too many' : null;
    // An answer that comes late is missed in one round and too much in the next.
    this.#rounds = wrong === this.#wrong ? this.#rounds + 1 : 1;
    this.#wrong = wrong;
    if (wrong === null || this.#rounds < BAD_ROUNDS) return null;
    if (wrong === 'too many') return `${answers} chips answer where ${this.#chips} were counted`;
    if (wrongMhz !== null) return `a ${chip} runs at ${wrongMhz} MHz, which it was not told: it has lost its settings`;
    return answers === 0 ? `no ${chip} answers` : `${answers} of ${this.#chips} chips answer`;
  }

  /** A frequency was just changed: what is under way may tell the old one. */
  skip(): void {
    this.#answers = null;
    this.#wrongMhz = null;
  }

  /** @param mhz what all chips should run at */
  reply(reply: GekkoRegisterReply, mhz: number): void {
    const told = this.#dialect.frequencyOf(reply);
    if (told === null) return;
    this.#toldMhz = told.mhz;
    if (this.#answers === null) return;
    this.#answers++;
    if (told.mhz !== null && told.mhz !== mhz) this.#wrongMhz = told.mhz;
  }
}
