import { live } from '../live/live.ts';
import { useStore } from '../live/store.ts';
import { Age } from '../parts/age.tsx';
import { Panel } from '../parts/panel.tsx';

const SHOWN = 12;

/** What has happened since the page was opened, newest first. */
export function Lately() {
  const events = useStore(live, (now) => now.events);
  return (
    <Panel title="Lately">
      {events.length === 0 ? (
        <p class="quiet">Nothing since this page was opened.</p>
      ) : (
        <ol class="events">
          {events.slice(0, SHOWN).map((event, index) => (
            <li key={`${event.at} ${event.type} ${index}`} class={`event event-${event.type}`}>
              <span class="event-text">{event.message}</span> <span class="quiet"><Age at={event.at} /></span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
