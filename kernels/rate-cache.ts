/** Keeps measured rates between runs: a small JSON file, one entry for each processor and build. Losing it costs 50 ms. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../protocol/common/errors.ts';
import type { Rates } from './rates.ts';

const FORMAT = 1;
/** Entries kept, newest last: a few builds of a few processors (a folder may be shared by machines). */
const MAX_ENTRIES = 16;
const MAX_BYTES = 256 * 1024;
/** The first measurement may have met a busy machine: later starts measure again, so often in all, and the better rates stay. */
const ENOUGH_TIMES = 3;
/** Starts closer together may meet the same busy moment. */
const APART_MS = 3_600_000;

/** What the rates hold for. Measured anew when any of it differs. */
export interface RateKey {
  /** The processor's name as the system tells it. */
  readonly cpu: string;
  /** RB_FEATURE_ bits that were allowed. */
  readonly features: number;
  /** What the addon was built from: a digest of its file. */
  readonly build: string;
  /** The kernels that passed their self-test. */
  readonly kernels: readonly string[];
}

interface Entry {
  readonly cpu: string;
  readonly features: number;
  readonly build: string;
  /** The last time. */
  readonly measured_at: string;
  /** How many measurements these are the best of; 1 when it is missing. */
  readonly times?: number;
  /** Hashes per second of one thread. */
  readonly kernels: Readonly<Record<string, { readonly plain_hs: number; readonly rolled_hs: number }>>;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isRate = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > 0;

function isEntry(value: unknown): value is Entry {
  if (!isObject(value) || typeof value.cpu !== 'string' || typeof value.features !== 'number' || typeof value.build !== 'string' || !isObject(value.kernels)) return false;
  if (value.times !== undefined && !(Number.isInteger(value.times) && (value.times as number) > 0)) return false;
  return Object.values(value.kernels).every((rate) => isObject(rate) && isRate(rate.plain_hs) && isRate(rate.rolled_hs));
}

/** @throws Error when the file is there but not what this program wrote */
function readEntries(file: string): Entry[] {
  let text: string;
  try {
    // A pipe would be waited for, and for ever: not even a signal would end the daemon then.
    if (!statSync(file).isFile()) throw new Error('it is not a file');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const parsed: unknown = text.length > MAX_BYTES ? null : JSON.parse(text);
  // A newer program's file is left to it until this one measures.
  if (!isObject(parsed) || parsed.format !== FORMAT || !Array.isArray(parsed.measurements) || !parsed.measurements.every(isEntry)) throw new Error('it has another format');
  return parsed.measurements;
}

const sameSubject = (entry: Entry, key: RateKey): boolean => entry.cpu === key.cpu && entry.features === key.features && entry.build === key.build;

/** What a file says about a subject. */
export interface Kept {
  /** The rates kept for this processor and build; null when there are none. */
  readonly rates: Rates | null;
  /** How many measurements they are the best of. */
  readonly times: number;
  /** Whether they are to be measured again now. */
  readonly isDue: boolean;
  /** Why the file is of no use, in plain words. */
  readonly problem: string | null;
}

/** What is kept for this processor and build. */
export function readRates(file: string, key: RateKey, now: Date): Kept {
  const none = { rates: null, times: 0, isDue: true };
  let entries: Entry[];
  try {
    entries = readEntries(file);
  } catch (error) {
    return { ...none, problem: `the kernel measurements in ${file} cannot be used and are made anew: ${messageOf(error)}` };
  }
  const entry = entries.findLast((each) => sameSubject(each, key));
  if (!entry || Object.keys(entry.kernels).toSorted().join() !== key.kernels.toSorted().join()) return { ...none, problem: null };
  const times = entry.times ?? 1;
  // The clock may have been set back since.
  const isRecent = Math.abs(now.getTime() - Date.parse(entry.measured_at)) < APART_MS;
  return {
    rates: Object.fromEntries(Object.entries(entry.kernels).map(([name, rate]) => [name, { plain: rate.plain_hs, rolled: rate.rolled_hs }])),
    times,
    isDue: times < ENOUGH_TIMES && !isRecent,
    problem: null,
  };
}

/**
 * Makes a folder and the one above it (`~/.cache` may not be there yet). Not Node's recursive mkdir, which never returns on file
 * systems that say "not there" to every attempt, as /proc does.
 */
function makeFolder(folder: string): void {
  for (const each of [path.dirname(folder), folder]) {
    if (!existsSync(each)) mkdirSync(each);
  }
}

/** Adds the rates, the best of so many measurements, to the file, whole or not at all. @returns why that was not possible; null when it was */
export function writeRates(file: string, key: RateKey, rates: Rates, times: number, at: Date): string | null {
  let others: Entry[] = [];
  try {
    others = readEntries(file).filter((entry) => !sameSubject(entry, key));
  } catch {
    // Told by readRates; what cannot be read is replaced.
  }
  const { cpu, features, build } = key;
  const kernels = Object.fromEntries(Object.entries(rates).map(([name, { plain, rolled }]) => [name, { plain_hs: Math.round(plain), rolled_hs: Math.round(rolled) }]));
  const measurements = [...others, { cpu, features, build, measured_at: at.toISOString(), times, kernels }].slice(-MAX_ENTRIES);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    makeFolder(path.dirname(file));
    writeFileSync(temporary, `${JSON.stringify({ format: FORMAT, measurements }, null, 2)}\n`);
    renameSync(temporary, file);
    return null;
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Nothing was written there.
    }
    return `the kernel measurements cannot be kept in ${file}, every start takes 50 ms longer: ${messageOf(error)}`;
  }
}
