import path from 'node:path';
import type { Disk } from '../ledger/disk/disk.ts';
import { isMissing } from '../ledger/disk/disk.ts';
import { unlinkIfThere } from '../ledger/disk/files.ts';
import { FIELD_FOLDER, fieldName } from './artifact.ts';
import { elitesOf } from './breeding.ts';
import { GOLDEN_ATTEMPTS } from './golden.ts';
import type { Hunter } from './hunter.ts';

const FIELD = /^field_(.+)\.bin$/;

/**
 * Clears away field files of jobs that have ended, but the `keep` newest and those of the best runs: the elite, and whoever
 * may become golden. Their provenance stays. @returns how many files went @throws the disk's error
 */
export async function pruneFields(disk: Disk, folder: string, hunter: Pick<Hunter, 'rows' | 'settings' | 'candidates'>, keep: number): Promise<number> {
  const fields = path.join(folder, FIELD_FOLDER);
  let names: string[];
  try {
    names = await disk.readdir(fields);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
  if (names.length <= keep) return 0;
  const candidates = hunter.candidates();
  const elite = elitesOf(candidates.map(({ job, genes, result }) => ({ job_uuid: job.job_uuid, genes, fitness: result.fitness })), hunter.settings.population_size);
  const kept = new Set([...elite, ...candidates.slice(0, GOLDEN_ATTEMPTS).map(({ job }) => job)].map(({ job_uuid }) => job_uuid));
  const there = new Set(names.map((name) => FIELD.exec(name)?.[1]));
  // In the order the jobs were made, newest first; of jobs under way nothing is touched.
  const ended = hunter.rows.filter(({ job, result }) => result !== null && there.has(job.job_uuid)).reverse();
  const gone = ended.slice(keep).filter(({ job }) => !kept.has(job.job_uuid));
  for (const { job } of gone) await unlinkIfThere(disk, path.join(fields, fieldName(job.job_uuid)));
  return gone.length;
}
