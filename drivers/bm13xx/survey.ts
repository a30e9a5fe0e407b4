/** Counting chips: they answer a broadcast read of register 00 one after the other, and the silence after the last is the end. */
import { identifyChip } from '../../protocol/bm13xx/addressing.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Listener } from './listener.ts';
import { wait } from '../../protocol/common/wait.ts';

export interface Survey {
  /** Chip ids, in chain order. */
  readonly ids: readonly number[];
  /** Addresses they answered with. */
  readonly addresses: readonly number[];
}

/** How often the silence is looked at. */
const LOOK_MS = 25;
/** Silence that is enough when as many have answered as there should be. */
const ENOUGH_SILENCE_MS = 100;

/**
 * Asks, and collects chip-id replies until none has come for `silenceMs`. Everything else that comes in is left.
 * @param expected chips there should be; null = not known
 */
export async function surveyUntilSilent(listener: Listener, clock: Clock, ask: () => void, silenceMs: number, expected: number | null, signal: AbortSignal): Promise<Survey> {
  const ids: number[] = [];
  const addresses: number[] = [];
  let lastAt = clock.monotonic();
  const before = listener.redirect((reply) => {
    const identity = reply.kind === 'register' ? identifyChip(reply) : null;
    if (identity === null) return;
    ids.push(identity.chipId);
    addresses.push(identity.respondingAddress);
    lastAt = clock.monotonic();
  });
  try {
    ask();
    const silent = (): boolean => {
      const complete = expected !== null && ids.length >= expected;
      return clock.monotonic() - lastAt >= (complete ? Math.min(silenceMs, ENOUGH_SILENCE_MS) : silenceMs);
    };
    while (!silent()) await wait(clock, LOOK_MS, signal);
    listener.silence();
    return { ids, addresses };
  } finally {
    listener.redirect(before);
  }
}
