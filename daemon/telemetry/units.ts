/** Numbers as a person reads them. Only for screens and messages: data always carries plain SI numbers. */

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** `47_300_000, 'H/s'` -> `47.3 MH/s`; null -> `unknown`. */
export function formatSi(value: number | null, unit: string): string {
  if (value === null) return 'unknown';
  let scaled = value;
  let index = 0;
  while (scaled >= 1000 && index < PREFIXES.length - 1) {
    scaled /= 1000;
    index += 1;
  }
  const digits = scaled >= 100 || index === 0 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${PREFIXES[index]}${unit}`;
}

/** Difficulty with about four significant digits; small ones (CPU shares) keep their digits. */
export function formatDifficulty(value: number | null): string {
  if (value === null) return 'none yet';
  if (value >= 1000) return formatSi(value, '').trimEnd();
  return value >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

/** `3_723` -> `1h 02m 03s`. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const pad = (n: number): string => String(n).padStart(2, '0');
  const days = Math.floor(s / 86_400);
  const hours = Math.floor((s % 86_400) / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  if (days > 0) return `${days}d ${pad(hours)}h ${pad(minutes)}m`;
  if (hours > 0) return `${hours}h ${pad(minutes)}m ${pad(s % 60)}s`;
  return `${minutes}m ${pad(s % 60)}s`;
}
