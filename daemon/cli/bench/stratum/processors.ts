/** Which processors server and load are kept on, so that neither takes the other's time. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Processors {
  readonly server: number;
  readonly load: number;
}

/** Null where there are not two, or no taskset: then both run where the system puts them. */
export function chooseProcessors(): Processors | null {
  if (spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status !== 0) return null;
  const [server, load] = allowed();
  return server === undefined || load === undefined ? null : { server, load };
}

function allowed(): number[] {
  try {
    return listOf(/^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '');
  } catch {
    return [];
  }
}

/** `0-2,5` to 0, 1, 2, 5. */
export function listOf(text: string): number[] {
  return text.split(',').filter((part) => part !== '').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    if (first === undefined || last === undefined || !Number.isInteger(first) || !Number.isInteger(last)) return [];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
}
