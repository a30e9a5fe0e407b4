/** The present time as the rig has it, ticking once a second, for ages. */
import { useEffect, useState } from 'preact/hooks';
import { live } from './live.ts';

/** Ms since the epoch. */
export const rigNow = (): number => Date.now() + live.value.offsetMs;

export function useNow(everyMs = 1000): number {
  const [now, set] = useState(rigNow);
  useEffect(() => {
    const timer = setInterval(() => set(rigNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
