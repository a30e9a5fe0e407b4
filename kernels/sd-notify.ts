import { findAddon } from './loader.ts';

/**
 * Tells the service manager a state, sd_notify(3): `READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=...`. Node has no unix
 * datagrams, so the native addon sends it.
 * @returns false when there is no $NOTIFY_SOCKET, it did not take the message, or the native addon is not built
 */
export function sdNotify(state: string): boolean {
  return findAddon().addon?.sdNotify(state) ?? false;
}
