/** Node.js itself and the place we write to. */
import { dataDirProblem, nearestExisting } from '../actions/data-dir.ts';
import { fail, ok, unknown, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

const MIN_NODE: readonly [number, number] = [20, 19];
/** Below this the ledger stops within days; below the other, within hours. */
const LOW_DISK_BYTES = 1_000_000_000;
const FULL_DISK_BYTES = 50_000_000;

export function nodeFinding(machine: Machine): Finding {
  const [major = 0, minor = 0] = machine.nodeVersion.split('.').map(Number);
  const enough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  if (enough) return ok('node version', machine.nodeVersion);
  return fail('node version', machine.nodeVersion, `Install Node.js ${MIN_NODE.join('.')} or newer.`);
}

export function dataDirFindings(machine: Machine, dataDir: string): Finding[] {
  const reason = dataDirProblem(dataDir);
  const place = reason === null ? ok('data folder', `${dataDir} can be written`) : fail('data folder', reason, 'Create the folder, or pass --data DIR with one this user may write.');
  return [place, diskFinding(machine, dataDir)];
}

function diskFinding(machine: Machine, dataDir: string): Finding {
  const free = machine.freeBytes(nearestExisting(dataDir));
  if (free === null) return unknown('free disk', `cannot tell for ${dataDir}`);
  const text = `${(free / 1e9).toFixed(1)} GB free for ${dataDir}`;
  if (free < FULL_DISK_BYTES) return fail('free disk', text, 'Free some space: the ledger would fall back to emergency logs.');
  if (free < LOW_DISK_BYTES) return warn('free disk', text, 'Free some space, or point --data to a larger disk.');
  return ok('free disk', text);
}
