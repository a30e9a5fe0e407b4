import { RigError } from '../../protocol/common/errors.ts';
import type { TimeParts } from './contract.ts';

/** The parts of local time that make folders. */
export type BucketParts = Omit<TimeParts, 'iso'>;

const BUCKET = /^(\d{4})\/(\d\d)\/W(\d\d)\/(\d\d)\/(\d\d)$/;

/** The hour an instant belongs to, as the journal keeps it: `2026/11/W47/20/14`. */
export function bucketText({ YYYY, MM, WW, DD, HH }: BucketParts): string {
  return `${YYYY}/${MM}/W${WW}/${DD}/${HH}`;
}

/**
 * The parts of a bucket. Week and hour are taken as they stand: they were decided when the entry came, by the zone and
 * the week rule of that day.
 * @throws RigError E_INTERNAL for a text that is not a bucket
 */
export function partsOfBucket(bucket: string): BucketParts {
  const match = BUCKET.exec(bucket);
  if (match === null) throw new RigError('E_INTERNAL', `"${bucket}" is not an hour of the ledger, such as 2026/11/W47/20/14`, { context: { bucket } });
  const [, YYYY = '', MM = '', WW = '', DD = '', HH = ''] = match;
  return { YYYY, MM, WW, DD, HH };
}
