/** Checks on what callers hand to the hasher. The addon checks again; these give better words. */
import { RigError } from '../protocol/common/errors.ts';
import type { EngineJob } from './engine.ts';
import type { HasherJob, HasherOptions } from './types.ts';

const MAX_U32 = 0xffffffff;
export const MAX_THREADS = 1024;

function malformed(field: string, wanted: string, got: unknown): RigError {
  return new RigError('E_HASHER_ARGUMENT', `${field} must be ${wanted}, not ${typeof got === 'number' || typeof got === 'string' ? got : typeof got}`, { context: { field } });
}

function integer(field: string, value: unknown, low: number, high: number): number {
  if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) throw malformed(field, `an integer from ${low} to ${high}`, value);
  return value as number;
}

function bytes(field: string, value: unknown, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw malformed(field, `a Uint8Array of ${length} bytes`, value instanceof Uint8Array ? value.length : value);
  return value;
}

/** @throws RigError E_HASHER_ARGUMENT */
export function checkLimit(percent: unknown): number {
  return integer('limitPercent', percent, 1, 100);
}

export interface HasherSettings {
  readonly threads: number;
  readonly nice: number;
  readonly limitPercent: number;
  readonly affinity: readonly number[];
}

/** Fills in the defaults. @throws RigError E_HASHER_ARGUMENT */
export function checkOptions(options: HasherOptions, defaultThreads: number): HasherSettings {
  const affinity = options.affinity ?? [];
  if (!Array.isArray(affinity) || affinity.length > MAX_THREADS) throw malformed('affinity', 'a list of CPU numbers', affinity);
  return {
    threads: integer('threads', options.threads ?? defaultThreads, 1, MAX_THREADS),
    nice: integer('nice', options.nice ?? 19, 0, 19),
    limitPercent: checkLimit(options.limitPercent ?? 100),
    affinity: affinity.map((cpu, i) => integer(`affinity[${i}]`, cpu, 0, MAX_THREADS - 1)),
  };
}

/** A copy of the job that the caller cannot change any more. @throws RigError E_HASHER_ARGUMENT */
export function checkJob(job: HasherJob): EngineJob & { readonly id: number } {
  const nonceFrom = integer('nonceFrom', job.nonceFrom ?? 0, 0, MAX_U32);
  return {
    id: integer('id', job.id, 0, Number.MAX_SAFE_INTEGER),
    header: Uint8Array.from(bytes('header', job.header, 80)),
    versionMask: integer('versionMask', job.versionMask, 0, MAX_U32),
    target: Uint8Array.from(bytes('target', job.target, 32)),
    nonceFrom,
    nonceTo: integer('nonceTo', job.nonceTo ?? MAX_U32, nonceFrom, MAX_U32),
  };
}
