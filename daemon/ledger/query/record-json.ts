import { localIso } from '../../brainstem/local-iso.ts';
import type { LedgerRecord } from '../journal/record.ts';

/**
 * A record as one line of JSON, for programs. `entry` is the very text that stands in the journal and in the tree, and
 * with the other members it is all that the chain value was made from.
 */
export function recordJson({ seq, at, zone, kind, category, bucket, id, chain, entryText }: LedgerRecord): string {
  const head = JSON.stringify({ seq, time: localIso(at, zone), at_ms: at, zone_minutes: zone, kind, component: category, bucket, id, chain });
  return `${head.slice(0, -1)},"entry":${entryText}}`;
}
