/** What a view asks the hub for: once, and again when something has changed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { wordsOf } from '../api/client.ts';

export interface Loaded<T> {
  /** The last answer, also while a newer one is waited for; null = there is none yet. */
  readonly value: T | null;
  readonly problem: string | null;
  readonly isLoading: boolean;
}

/**
 * @param key of what is asked for: another one forgets the answer before
 * @param version when it changes the same is asked for again; changes while an answer is waited for are asked for once, after it
 */
export function useLoaded<T>(key: string, version: unknown, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { readonly key: string }>({ key, value: null, problem: null, isLoading: true });
  const work = useRef<{ key: string; control: AbortController; isBusy: boolean; again: boolean } | null>(null);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    const control = new AbortController();
    work.current = { key, control, isBusy: false, again: false };
    return () => control.abort();
  }, [key]);

  useEffect(() => {
    const mine = work.current!;
    if (mine.isBusy) {
      mine.again = true;
      return;
    }
    const run = async (): Promise<void> => {
      mine.isBusy = true;
      do {
        mine.again = false;
        setState((now) => (now.key === key ? { ...now, isLoading: true } : { key, value: null, problem: null, isLoading: true }));
        try {
          const value = await latest.current(mine.control.signal);
          if (!mine.control.signal.aborted) setState({ key, value, problem: null, isLoading: false });
        } catch (error) {
          if (!mine.control.signal.aborted) setState((now) => ({ key, value: now.key === key ? now.value : null, problem: wordsOf(error), isLoading: false }));
        }
      } while (mine.again && !mine.control.signal.aborted);
      mine.isBusy = false;
    };
    void run();
  }, [key, version]);

  return state.key === key ? state : { value: null, problem: null, isLoading: true };
}
