/** What happens to the devices while they mine: plugs are pulled and put back, some fall ill and recover. From a seed, so that a run can be had again. */
export type Act = { readonly do: 'unplug' | 'plug'; readonly id: string } | { readonly do: 'fault' | 'clear'; readonly id: string; readonly fault: string };

export interface PlannedAct {
  readonly at_ms: number;
  readonly act: Act;
}

/** Faults that every kind of simulated device has. */
const FAULTS = ['mute', 'garbage', 'stray-byte=3', 'duplicate-nonces'] as const;

/**
 * One act about every `everyMs`, each with its undoing 1 to 8 s later, nothing in the first and last tenth. A device has one thing
 * at a time. `well` is never touched: what happens to the others must not show on it.
 */
export function planMischief({ ids, well, durationMs, everyMs, seed }: { readonly ids: readonly string[]; readonly well: readonly string[]; readonly durationMs: number; readonly everyMs: number; readonly seed: number }): PlannedAct[] {
  const random = xorshift(seed);
  const victims = ids.filter((id) => !well.includes(id));
  if (victims.length === 0) return [];
  const busyUntil = new Map<string, number>();
  const acts: PlannedAct[] = [];
  const end = durationMs * 0.9;
  for (let at = durationMs * 0.1; at < end; at += everyMs * (0.5 + random())) {
    const id = victims[Math.floor(random() * victims.length)] as string;
    const forMs = 1000 + 7000 * random();
    const unplug = random() < 0.7;
    const fault = FAULTS[Math.floor(random() * FAULTS.length)] as string;
    if ((busyUntil.get(id) ?? 0) > at || at + forMs > end) continue;
    busyUntil.set(id, at + forMs + 1000);
    acts.push({ at_ms: at, act: unplug ? { do: 'unplug', id } : { do: 'fault', id, fault } });
    acts.push({ at_ms: at + forMs, act: unplug ? { do: 'plug', id } : { do: 'clear', id, fault: fault.split('=')[0] as string } });
  }
  return acts.sort((a, b) => a.at_ms - b.at_ms);
}

function xorshift(seed: number): () => number {
  let x = seed >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}
