/** Who runs, and who has which port open, as far as this user may see. */
import type { Machine } from './machine.ts';

const PID = /^\d+$/;
const PORT = /^\/dev\/tty(USB|ACM|AMA|S)\d+$/;

/** port -> `name (pid)`; the daemon itself is called Rigbrain. */
export function portHolders(machine: Machine): Map<string, string[]> {
  const holders = new Map<string, string[]>();
  for (const pid of machine.list('/proc')) {
    if (!PID.test(pid)) continue;
    const open = new Set(machine.list(`/proc/${pid}/fd`).map((fd) => machine.link(`/proc/${pid}/fd/${fd}`)));
    for (const target of open) {
      if (target === null || !PORT.test(target)) continue;
      holders.set(target, [...(holders.get(target) ?? []), `${nameOf(machine, pid)} (${pid})`]);
    }
  }
  return holders;
}

function nameOf(machine: Machine, pid: string): string {
  const words = (machine.read(`/proc/${pid}/cmdline`) ?? '').split('\0');
  if (words.some((word) => /(^|\/)rigbrain$|\/daemon\/cli\/bin\.(js|ts)$/.test(word))) return 'Rigbrain';
  return (machine.read(`/proc/${pid}/comm`) ?? 'unknown').trim();
}

/** Names of the programs that run. */
export function runningPrograms(machine: Machine): Set<string> {
  return new Set(machine.list('/proc').filter((pid) => PID.test(pid)).map((pid) => (machine.read(`/proc/${pid}/comm`) ?? '').trim()));
}
