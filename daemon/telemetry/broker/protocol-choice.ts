/** MQTT protocol levels: 5 is 5.0, 4 is 3.1.1. */
export type ProtocolLevel = 4 | 5;

/** How a broker can answer a CONNECT it does not like. */
export type HandshakeFailure =
  /** It said that it does not speak this version. */
  | 'version_refused'
  /** It took the connection and dropped it without a word: some old brokers do that to a version they do not know. */
  | 'dropped'
  /** Anything else: no connection at all, wrong password ... */
  | 'other';

/** Silent drops in a row before the older version is tried: one may be a broker that is just restarting. */
const DROPS_BEFORE_FALLBACK = 2;

/**
 * Which protocol version to try next. MQTT 5 first; 3.1.1 when the broker refuses 5 or keeps dropping it. What worked
 * is remembered for the life of the process, until the broker refuses that version.
 */
export class ProtocolChoice {
  #next: ProtocolLevel = 5;
  #proven: ProtocolLevel | null = null;
  #drops = 0;

  get next(): ProtocolLevel {
    return this.#next;
  }

  succeeded(): void {
    this.#proven = this.#next;
    this.#drops = 0;
  }

  failed(how: HandshakeFailure): void {
    if (how === 'version_refused') {
      this.#proven = null;
      this.#swap();
    } else if (how === 'dropped' && this.#proven === null && (this.#next === 4 || ++this.#drops >= DROPS_BEFORE_FALLBACK)) {
      this.#swap();
    }
  }

  #swap(): void {
    this.#next = this.#next === 5 ? 4 : 5;
    this.#drops = 0;
  }
}
