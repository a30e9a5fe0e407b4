/**
 * Decides which messages are worth sending: a change that matters goes out at once, but at most one message a second
 * a topic; no change still goes out once an interval, so that a listener can tell quiet from dead.
 */
import type { Cadence } from './topics.ts';

/** Fields that change all the time and mean nothing by themselves; they ride along with other changes. */
const IGNORED = new Set(['at', 'uptime_secs', 'hashes_total', 'last_heard_at', 'role_reason', 'hashes', 'expected_shares', 'luck', 'pool_hashrate_hs', 'explanation', 'eta_secs']);

/** Changes at or below these are noise of the sensor. Everything fractional else: one per cent. */
const DEADBANDS: Readonly<Record<string, number>> = { temp_c: 0.5, power_w: 0.5, latency_ms: 20 };
const RELATIVE_DEADBAND = 0.01;
/** Hash rates are means over seconds and never stand still. */
const HASHRATE_DEADBAND = 0.02;

function numberMatters(field: string, before: number, after: number): boolean {
  const fixed = DEADBANDS[field];
  if (fixed !== undefined) return Math.abs(after - before) > fixed;
  if (field.endsWith('_hs')) return Math.abs(after - before) > HASHRATE_DEADBAND * Math.abs(before);
  if (Number.isInteger(before) && Number.isInteger(after)) return before !== after;
  return Math.abs(after - before) > RELATIVE_DEADBAND * Math.abs(before);
}

/**
 * True when `after` differs from `before` in something a listener would want to know.
 * @param field name of the field the values stand in; decides the dead band
 */
export function changeMatters(before: unknown, after: unknown, field = ''): boolean {
  if (IGNORED.has(field) || Object.is(before, after)) return false;
  if (typeof before === 'number' && typeof after === 'number') return numberMatters(field, before, after);
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return true;
  const a = before as Record<string, unknown>;
  const b = after as Record<string, unknown>;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (!(key in a) || !(key in b) || changeMatters(a[key], b[key], key)) return true;
  }
  return false;
}

const MIN_GAP_MS = 1000;
const MINUTE_MS = 60_000;
/** A timer set to a second may find 999.6 ms gone; without slack every period would now and then be a second longer. */
const SLACK_MS = 50;

/** Remembers what was last sent on each topic. Times are monotonic milliseconds. */
export class ChangeGate {
  #heartbeatMs: number;
  #last = new Map<string, { at: number; payload: unknown }>();

  /** @param heartbeatMs longest time between two messages of a `heartbeat` topic */
  constructor(heartbeatMs: number) {
    this.#heartbeatMs = heartbeatMs;
  }

  /** True when this payload should be sent now. */
  due(topic: string, cadence: Cadence, payload: unknown, now: number): boolean {
    const last = this.#last.get(topic);
    if (!last) return true;
    const age = now - last.at + SLACK_MS;
    if (age < MIN_GAP_MS) return false;
    if (cadence === 'minute') return age >= MINUTE_MS;
    if (cadence === 'heartbeat' && age >= this.#heartbeatMs) return true;
    return changeMatters(last.payload, payload);
  }

  /** Notes that the payload has gone out. */
  sent(topic: string, payload: unknown, now: number): void {
    this.#last.set(topic, { at: now, payload });
  }

  /** The next payload of this topic is due at once. */
  forget(topic: string): void {
    this.#last.delete(topic);
  }

  /** The next payload of every topic is due at once (a new session: the broker may have forgotten everything). */
  reset(): void {
    this.#last.clear();
  }
}
