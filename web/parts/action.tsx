import { useEffect, useRef, useState } from 'preact/hooks';
import { wordsOf } from '../api/client.ts';

interface ActionProps {
  readonly label: string;
  /** While it is under way. */
  readonly busy: string;
  readonly run: () => Promise<unknown>;
  /** A question before it is done; the answer is another press of the button. */
  readonly confirm?: string;
  readonly kind?: 'primary' | 'danger' | 'plain' | '';
  readonly disabled?: boolean;
  /** What it is about, for who cannot see where the button stands. */
  readonly about?: string;
}

/** A button that asks the hub for something and says when that failed. */
export function Action({ label, busy, run, confirm, kind = '', disabled = false, about }: ActionProps) {
  const [state, setState] = useState<'ready' | 'asking' | 'busy'>('ready');
  const [problem, setProblem] = useState<string | null>(null);
  const isThere = useRef(true);
  useEffect(() => () => void (isThere.current = false), []);

  const press = async (): Promise<void> => {
    if (confirm !== undefined && state === 'ready') return setState('asking');
    setState('busy');
    setProblem(null);
    try {
      await run();
    } catch (error) {
      if (isThere.current) setProblem(wordsOf(error));
    }
    if (isThere.current) setState('ready');
  };

  const text = state === 'busy' ? busy : state === 'asking' ? confirm! : label;
  return (
    <span class="action">
      <button class={`button ${state === 'asking' ? 'danger' : kind}`} type="button" disabled={disabled || state === 'busy'} onClick={press} onBlur={() => setState((now) => (now === 'asking' ? 'ready' : now))} onKeyDown={(event) => event.key === 'Escape' && setState((now) => (now === 'asking' ? 'ready' : now))}>
        {text}
        {about !== undefined && <span class="unseen"> {about}</span>}
      </button>
      {problem !== null && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
