/** Times as a person reads them: local, with how long ago that was. */
import { UNKNOWN } from './numbers.ts';

const NBSP = '\u00a0';
const pad = (value: number): string => String(value).padStart(2, '0');

/** `3723` -> `1 h 02 min`: the two units that count. */
export function duration(seconds: number | null | undefined, missing = UNKNOWN): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return missing;
  const s = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(s / 86_400), Math.floor((s % 86_400) / 3600), Math.floor((s % 3600) / 60)];
  if (days > 0) return `${days}${NBSP}d ${pad(hours)}${NBSP}h`;
  if (hours > 0) return `${hours}${NBSP}h ${pad(minutes)}${NBSP}min`;
  if (minutes > 0) return `${minutes}${NBSP}min ${pad(s % 60)}${NBSP}s`;
  return `${s}${NBSP}s`;
}

/** A mean time that may be far beyond a life: `3.2 million years`. */
export function longTime(days: number | null | undefined, missing = UNKNOWN): string {
  if (typeof days !== 'number' || !Number.isFinite(days)) return missing;
  if (days < 2) return duration(days * 86_400);
  if (days < 730) return `${days.toFixed(0)} days`;
  const years = days / 365.25;
  if (years < 1e4) return `${Math.round(years).toLocaleString('en')} years`;
  if (years < 1e6) return `${Math.round(years / 1000).toLocaleString('en')} thousand years`;
  return years < 1e9 ? `${(years / 1e6).toFixed(1)} million years` : `${Number((years / 1e9).toPrecision(2)).toLocaleString('en')} billion years`;
}

/** How long before `now` that was: `just now`, `12 s ago`, `in 3 s`. Both in ms since the epoch. */
export function age(at: number | null | undefined, now: number, missing = 'never'): string {
  if (typeof at !== 'number' || !Number.isFinite(at)) return missing;
  const seconds = (now - at) / 1000;
  if (seconds < -1) return `in ${rough(-seconds)}`;
  return seconds < 2 ? 'just now' : `${rough(seconds)} ago`;
}

/** One unit is enough for an age. */
function rough(seconds: number): string {
  if (seconds < 90) return `${Math.floor(seconds)}${NBSP}s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${NBSP}min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)}${NBSP}h` : `${Math.round(seconds / 86_400)}${NBSP}d`;
}

/** `14:03:22` today, with the date before on another day; in the time zone of the reader. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return date.toDateString() === new Date(now).toDateString() ? time : `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${time}`;
}
