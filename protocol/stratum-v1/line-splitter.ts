import { LIMITS } from './limits.ts';

const LF = 0x0a;
const CR = 0x0d;
const FIRST_CAPACITY = 256;
const NOTHING = new Uint8Array(0);
/** Keeps nothing from call to call. */
const decoder = new TextDecoder('utf-8');

export interface SplitResult {
  /** Complete lines, without LF or CRLF. Bytes that are not UTF-8 become U+FFFD. */
  readonly lines: string[];
  /** Size of the longest line above the warning limit; null when there was none. */
  readonly longLineBytes: number | null;
  /** A line passed the hard limit: nothing after it can be trusted, and nothing more will be returned. */
  readonly overflow: boolean;
}

/** Cuts a byte stream into lines, keeping no more than one unfinished line of bounded length in memory. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #warnBytes: number;
  /** The unfinished line: the first `#length` bytes. Grows when needed: a server has thousands of these. */
  #held = NOTHING;
  #length = 0;
  #overflow = false;

  constructor(maxBytes: number = LIMITS.incomingLineBytes, warnBytes: number = LIMITS.incomingLineWarnBytes) {
    this.#maxBytes = maxBytes;
    this.#warnBytes = warnBytes;
  }

  /** Takes the next bytes and returns the lines they complete. */
  push(chunk: Uint8Array): SplitResult {
    const lines: string[] = [];
    let longest = 0;
    let from = 0;
    while (!this.#overflow && from < chunk.length) {
      const end = chunk.indexOf(LF, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      if (this.#length + part.length > this.#maxBytes) {
        this.#overflow = true;
        this.#held = NOTHING;
        break;
      }
      if (end < 0) {
        this.#hold(part);
        break;
      }
      longest = Math.max(longest, this.#length + part.length);
      lines.push(this.#finish(part));
      from = end + 1;
    }
    return { lines, longLineBytes: longest > this.#warnBytes ? longest : null, overflow: this.#overflow };
  }

  #hold(part: Uint8Array): void {
    const needed = this.#length + part.length;
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#held.length, FIRST_CAPACITY));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(part, this.#length);
    this.#length = needed;
  }

  #finish(part: Uint8Array): string {
    if (this.#length === 0) return this.#text(part);
    this.#hold(part);
    const line = this.#text(this.#held.subarray(0, this.#length));
    this.#length = 0;
    return line;
  }

  #text(bytes: Uint8Array): string {
    return decoder.decode(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes);
  }
}
