/** Events on their way to the broker: bounded, and never flooded by the ordinary ones. */
import type { RigEvent } from './state.ts';

/** Events that a busy rig has many of and whose totals are in the state anyway. */
const ROUTINE: ReadonlySet<RigEvent['type']> = new Set(['share_accepted', 'share_rejected']);
const ROUTINE_GAP_MS = 1000;

/** First in, first out. When full, the oldest routine event goes first, else the oldest of all. */
export class EventQueue {
  #limit: number;
  #events: RigEvent[] = [];
  #lastRoutine = new Map<string, number>();
  #coalesced = new Map<string, number>();
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Events thrown away because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  get size(): number {
    return this.#events.length;
  }

  /**
   * Takes an event. Of each routine type at most one a second is kept; the next one that is kept says in
   * `data.coalesced` how many were left out.
   * @param now monotonic milliseconds
   */
  push(event: RigEvent, now: number): void {
    if (ROUTINE.has(event.type)) {
      const last = this.#lastRoutine.get(event.type);
      const left = this.#coalesced.get(event.type) ?? 0;
      if (last !== undefined && now - last < ROUTINE_GAP_MS) {
        this.#coalesced.set(event.type, left + 1);
        return;
      }
      this.#lastRoutine.set(event.type, now);
      this.#coalesced.set(event.type, 0);
      if (left > 0) event = { ...event, data: { ...event.data, coalesced: left } };
    }
    this.#events.push(event);
    if (this.#events.length > this.#limit) {
      const routine = this.#events.findIndex((entry) => ROUTINE.has(entry.type));
      this.#events.splice(Math.max(0, routine), 1);
      this.#dropped++;
    }
  }

  /** The oldest event, left in the queue until `remove`. */
  peek(): RigEvent | undefined {
    return this.#events[0];
  }

  /** Takes an event out once it has been delivered or given up; harmless when it was dropped meanwhile. */
  remove(event: RigEvent): void {
    const index = this.#events.indexOf(event);
    if (index >= 0) this.#events.splice(index, 1);
  }
}
