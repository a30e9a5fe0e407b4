/** A tty has no wire whose speed could be wrong, but it keeps the speed its user has set. */

/** How often it is looked at: often while it is not that of the chips. */
const LOOK_MS = { differs: 20, agrees: 500 } as const;

export class SpeedWatch {
  readonly #ask: () => Promise<number | null | undefined>;
  readonly #agrees: () => boolean;
  readonly #tell: (baud: number | null) => void;
  #next = 0;
  #asking = false;

  /**
   * @param ask the tty's speed; undefined = not plugged in
   * @param agrees whether all chips listen at the speed last told
   */
  constructor(ask: () => Promise<number | null | undefined>, agrees: () => boolean, tell: (baud: number | null) => void) {
    this.#ask = ask;
    this.#agrees = agrees;
    this.#tell = tell;
  }

  /** Call it often. */
  look(): void {
    const now = performance.now();
    if (this.#asking) return;
    const wait = this.#agrees() ? LOOK_MS.agrees : LOOK_MS.differs;
    if (this.#next > now + wait) this.#next = now + wait;
    if (now < this.#next) return;
    this.#asking = true;
    void this.#ask().then((speed) => {
      this.#asking = false;
      this.#next = performance.now() + LOOK_MS.agrees;
      if (speed !== undefined) this.#tell(speed);
    });
  }
}
