import type { RigState } from '../../daemon/hub/api-types.ts';
import { Age } from '../parts/age.tsx';
import { spaced } from './words.ts';

/** Those that are on, above everything else; the ones that were are folded away. */
export function Alarms({ alarms }: { readonly alarms: RigState['alarms'] }) {
  const on = alarms.filter(({ healed_at }) => healed_at === null);
  const off = alarms.filter(({ healed_at }) => healed_at !== null);
  return (
    <section class="alarms" aria-label="Alarms">
      <div role="alert">
        {on.map(({ kind, subject, raised_at, message }) => (
          <p key={`${kind} ${subject}`} class="alarm">
            <strong>{spaced(kind)}</strong> {message} <span class="quiet"><Age at={raised_at} /></span>
          </p>
        ))}
      </div>
      {off.length > 0 && (
        <details class="panel slim">
          <summary>
            {off.length === 1 ? 'One alarm that is over' : `${off.length} alarms that are over`}
          </summary>
          <ul class="plain-list">
            {off.map(({ kind, subject, raised_at, healed_at, message }) => (
              <li key={`${kind} ${subject} ${raised_at}`}>
                <strong>{spaced(kind)}</strong> {message} <span class="quiet">over <Age at={healed_at} /></span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
