const MINUTE_MS = 60_000;

/**
 * Local time with offset of an instant, `2025-12-18T01:47:41.076-06:00`, from the offset alone: a file of the tree can be
 * made again from its journal on a computer that does not know, or no longer agrees on, the time zone.
 * @param at ms since the epoch @param zoneMinutes local time less UTC, minutes
 */
export function localIso(at: number, zoneMinutes: number): string {
  return new Date(Math.floor(at) + zoneMinutes * MINUTE_MS).toISOString().slice(0, -1) + offsetText(zoneMinutes);
}

/** `-06:00`. @param minutes local time less UTC */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
}

/** A whole number with leading zeros. */
export function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
