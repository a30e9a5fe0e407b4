import type { Job, JobSource } from './job.ts';

/** A source and the newest job it has sent and not taken back. */
export interface SourceSlot {
  readonly source: JobSource;
  job: Job | null;
}

/**
 * The source to mine for: the first in the configured order that has a job. All sources stay connected, so going to a
 * fallback and coming home are both immediate.
 */
export function chooseSource(slots: readonly SourceSlot[]): SourceSlot | null {
  return slots.find((slot) => slot.job !== null) ?? null;
}
