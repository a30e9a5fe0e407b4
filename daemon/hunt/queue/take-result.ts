import path from 'node:path';
import type { Redis } from 'ioredis';
import type { Disk } from '../../ledger/disk/disk.ts';
import { writeWhole } from '../../ledger/disk/files.ts';
import { FIELD_FOLDER, fieldName } from '../artifact.ts';
import { sha256Hex } from '../canonical-json.ts';
import { PROVENANCE_FOLDER } from '../hunter.ts';
import type { HuntJob } from '../job.ts';
import { writeProvenance, type Provenance } from '../provenance.ts';
import { MOST_FIELD_BYTES, readResult, type queueNames } from './contract.ts';

export interface TakeOptions {
  readonly redis: Redis;
  readonly names: ReturnType<typeof queueNames>;
  readonly disk: Disk;
  readonly huntId: string;
  readonly folder: string;
}

/** A result as it was fetched: all of it is here, nothing is on the disk yet. */
export interface FetchedResult {
  readonly provenance: Provenance;
  readonly field: Buffer | null;
  /** In Redis, to be deleted once the result is on the disk. */
  readonly fieldKey: string | null;
}

/** What a worker left of a job. @returns words for a person when it cannot be used @throws what Redis throws */
export async function fetchResult(returned: unknown, job: HuntJob, { redis, names, huntId }: TakeOptions): Promise<FetchedResult | string> {
  const provenance = readResult(returned, job, huntId);
  if (typeof provenance === 'string') return `the result cannot be used: ${provenance}`;
  const sha256 = provenance.artifacts.field?.sha256;
  if (sha256 === undefined) return { provenance, field: null, fieldKey: null };
  const fieldKey = names.field(job.job_uuid, sha256);
  const bytes = await redis.strlen(fieldKey);
  if (bytes > MOST_FIELD_BYTES) return `the field has ${bytes} bytes; no field has more than ${MOST_FIELD_BYTES}`;
  const field = await redis.getBuffer(fieldKey);
  if (field === null || field.length === 0) return 'the field is not in Redis any more';
  if (sha256Hex(field) !== sha256) return 'the field is not the one that was sent (its SHA-256 differs)';
  return { provenance: { ...provenance, artifacts: { field: { path: path.join(FIELD_FOLDER, fieldName(job.job_uuid)), sha256 } } }, field, fieldKey };
}

/** The field first: a provenance file says that all of the job is there. @throws the disk's error */
export async function writeResult({ provenance, field }: Pick<FetchedResult, 'provenance' | 'field'>, { disk, folder }: Pick<TakeOptions, 'disk' | 'folder'>): Promise<Provenance> {
  if (field !== null) await writeWhole(disk, path.join(folder, FIELD_FOLDER, fieldName(provenance.job_uuid)), field);
  await writeProvenance(disk, path.join(folder, PROVENANCE_FOLDER), provenance);
  return provenance;
}
