/** Numbers as a person reads them. `null` is unknown and never becomes 0. */

export const UNKNOWN = 'unknown';
/** For cells of a table, where a word would only be noise. */
export const DASH = '\u2013';
/** Between a number and its unit: they stay on one line. */
const NBSP = '\u00a0';
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'];

const known = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value);

/** `47_300_000, 'H/s'` -> `47.3 MH/s`: three digits that count and the SI prefix. */
export function si(value: number | null | undefined, unit: string, missing = UNKNOWN): string {
  const [number, prefix] = siParts(value);
  return number === null ? missing : `${number}${NBSP}${prefix}${unit}`.trimEnd();
}

/** The same in two pieces, for a large number with a small unit. */
export function siParts(value: number | null | undefined): readonly [number: string | null, prefix: string] {
  if (!known(value)) return [null, ''];
  let scaled = Math.abs(value);
  let index = 0;
  // 999.6 would be rounded to 1000.
  while (scaled >= 999.5 && index < PREFIXES.length - 1) {
    scaled /= 1000;
    index++;
  }
  const digits = scaled === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return [`${value < 0 ? '\u2212' : ''}${index === 0 && Number.isInteger(scaled) ? scaled : scaled.toFixed(digits)}`, PREFIXES[index]!];
}

/** `1234567` -> `1,234,567`. */
export const count = (value: number | null | undefined, missing = DASH): string => (known(value) ? value.toLocaleString('en') : missing);

/** A number with so many digits that count: `0.0012345` -> `0.00123`. */
export function significant(value: number | null | undefined, digits = 3, missing = DASH): string {
  if (!known(value)) return missing;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(digits - 1).replace('e+', 'e').replaceAll('-', '\u2212');
  return value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size)))).replace(/^-/, '\u2212');
}

/** Difficulty: large ones with a prefix, those of a CPU with their digits. */
export const difficulty = (value: number | null | undefined, missing = DASH): string => (!known(value) ? missing : value >= 1000 ? si(value, '') : significant(value, 3));

/** `0.123` -> `12.3 %`. */
export const percent = (part: number | null | undefined, digits = 1, missing = DASH): string => (known(part) ? `${(100 * part).toFixed(digits)}${NBSP}%` : missing);

/** With a unit and fixed decimals: `51.5, '\u00b0C', 0`. */
export const unit = (value: number | null | undefined, name: string, digits = 1, missing = DASH): string => (known(value) ? `${value.toFixed(digits).replace(/^-/, '\u2212')}${NBSP}${name}` : missing);

/** Two decimals, and for less than a cent two digits that count. */
export function money(value: number | null | undefined, currency: string, missing = UNKNOWN): string {
  if (!known(value)) return missing;
  const text = value === 0 || Math.abs(value) >= 0.01 ? Math.abs(value).toFixed(2) : significant(Math.abs(value), 2);
  return `${value < 0 ? '\u2212' : ''}${text}${NBSP}${currency}`;
}

/** Satoshi as bitcoin: `312_500_000` -> `3.125 BTC`. */
export const bitcoin = (satoshi: number | null | undefined, missing = UNKNOWN): string => (known(satoshi) ? `${(satoshi / 1e8).toFixed(8).replace(/\.?0+$/, '')}${NBSP}BTC` : missing);

/** `1 pool`, `3 pools`. */
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)}${NBSP}${value === 1 ? one : many}`;

/** Joules for 10^12 hashes; null when either figure is missing. */
export const joulesPerTh = (powerW: number | null, hashrateHs: number | null): number | null => (powerW === null || hashrateHs === null || hashrateHs <= 0 ? null : powerW / (hashrateHs / 1e12));

/** `8f14e45f-ceea-...` -> `8f14e45f`. */
export const shortId = (id: string): string => id.slice(0, 8);
