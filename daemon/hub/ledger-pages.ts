import { localIso } from '../brainstem/local-iso.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { describe } from '../ledger/query/describe.ts';
import { entryOf } from '../ledger/query/filter.ts';
import { journalFolder, lastRecords } from '../ledger/query/records.ts';
import type { LedgerPages } from './ports.ts';

/** The rig's own ledger, from its journal. @param base the mode's base folder */
export function ledgerPages(disk: Disk, base: string): LedgerPages {
  const folder = journalFolder(base);
  return {
    async page({ before = Number.POSITIVE_INFINITY, limit, kind }) {
      const records = (await lastRecords(disk, folder, (record) => record.seq < before && (kind === undefined || record.kind === kind), limit)).reverse();
      const entries = records.map((record) => {
        const { id, detail } = describe(record);
        return { seq: record.seq, at: localIso(record.at, record.zone), kind: record.kind, summary: `${id} ${detail}`.trim(), data: entryOf(record) };
      });
      return { entries, next_before: entries.length < limit ? null : entries.at(-1)!.seq };
    },
  };
}
