import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What decides which prebuilt addon fits; see `thisSystem`. */
export interface System {
  readonly platform: string;
  readonly arch: string;
  /** As the kernel says it, e.g. `armv6l`, `aarch64`. */
  readonly machine: string;
  readonly musl: boolean;
}

/**
 * Folder below `prebuilds/` with the addon for a system. Where the C library or the processor differs from what the binaries of
 * that platform are made for, it is another name, so that a binary that would crash is never loaded: `-musl` for Alpine and
 * the like, `linux-armv6` for the first Raspberry Pi and the Zero (Debian's compiler makes ARMv7).
 */
export function prebuiltFolder(system: System = thisSystem()): string {
  const arch = system.arch === 'arm' && system.machine.startsWith('armv6') ? 'armv6' : system.arch;
  return `${system.platform}-${arch}${system.musl ? '-musl' : ''}`;
}

/** This machine. */
export function thisSystem(): System {
  return { platform: process.platform, arch: process.arch, machine: os.machine(), musl: process.platform === 'linux' && runsOnMusl() };
}

/** musl's C library is its loader, so every process with it has that file mapped. process.report says it too, but takes 15 ms. */
function runsOnMusl(): boolean {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    // No /proc: a container somebody cut down. glibc is the common case, and a binary that does not fit cannot be loaded anyway.
    return false;
  }
}
