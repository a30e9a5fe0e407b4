import { duration } from '../format/time.ts';
import { live } from '../live/live.ts';
import { useNow } from '../live/now.ts';
import { useStore } from '../live/store.ts';

const WORDS = { connecting: 'connecting', live: 'live', lost: 'not connected' } as const;

/** A dot and a word in the corner. */
export function ConnectionSign() {
  const connection = useStore(live, (now) => now.connection);
  return (
    <span class={`sign sign-${connection}`} role="status" data-connection={connection}>
      {WORDS[connection]}
    </span>
  );
}

/** Over every page while the numbers below are old. Only the first words are announced: the rest counts seconds. */
export function ConnectionNote() {
  const connection = useStore(live, (now) => now.connection);
  return connection === 'lost' ? <Lost /> : null;
}

function Lost() {
  useNow();
  const { lostAt, state, receivedAt } = live.value;
  const of = state === null ? 'Nothing was heard of it yet.' : `The numbers below are ${duration((Date.now() - receivedAt) / 1000)} old.`;
  return (
    <div class="lost">
      <strong role="alert">No connection to the rig.</strong>{' '}
      <span>
        Lost {lostAt === null ? 'a moment' : duration((Date.now() - lostAt) / 1000)} ago; it is tried again by itself. {of}
      </span>
    </div>
  );
}
