/** Named points in time, for a state machine that owns no clock. */
export class DeadlineSet<Name extends string> {
  readonly #at = new Map<Name, number>();

  set(name: Name, at: number): void {
    this.#at.set(name, at);
  }

  clear(name: Name): void {
    this.#at.delete(name);
  }

  clearAll(): void {
    this.#at.clear();
  }

  /** The next point in time something falls due; null when nothing will. */
  next(): number | null {
    return this.#at.size === 0 ? null : Math.min(...this.#at.values());
  }

  /** Takes out what is due, earliest first. */
  takeDue(now: number): Name[] {
    const due = [...this.#at].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]);
    for (const [name] of due) this.#at.delete(name);
    return due.map(([name]) => name);
  }
}
