import { age, clockTime } from '../format/time.ts';
import { useNow } from '../live/now.ts';

/** How long ago that was, with the local time on the tooltip. @param at ms since the epoch, or ISO 8601; null = never */
export function Age({ at, missing = 'never' }: { readonly at: number | string | null; readonly missing?: string }) {
  const now = useNow();
  const ms = typeof at === 'string' ? Date.parse(at) : at;
  if (ms === null || !Number.isFinite(ms)) return <span>{missing}</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={clockTime(ms, now)}>
      {age(ms, now)}
    </time>
  );
}

/** Local time, with the age on the tooltip. */
export function When({ at }: { readonly at: number | string | null }) {
  const now = useNow(30_000);
  const ms = typeof at === 'string' ? Date.parse(at) : at;
  if (ms === null || !Number.isFinite(ms)) return <span>unknown</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={age(ms, now)}>
      {clockTime(ms, now)}
    </time>
  );
}
