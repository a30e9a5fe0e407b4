import { localIso } from '../brainstem/local-iso.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { describe } from '../ledger/query/describe.ts';
import { entryOf } from '../ledger/query/filter.ts';
import { JournalPages } from '../ledger/query/pages.ts';
import { journalFolder } from '../ledger/query/records.ts';
import { HubRefusal } from './answers.ts';
import type { LedgerPages } from './ports.ts';

/** Questions that wait at most: the journal is read for one after the other, so that it never takes more than one's worth of time. */
const MOST_WAITING = 8;

/** The rig's own ledger, from its journal. @param base the mode's base folder */
export function ledgerPages(disk: Disk, base: string): LedgerPages {
  const pages = new JournalPages(disk, journalFolder(base));
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    page(question) {
      if (waiting >= MOST_WAITING) throw new HubRefusal(503, 'E_HUB', 'too many questions to the ledger at a time', { hint: 'Ask again in a moment.', retryAfter: 1 });
      waiting += 1;
      const answer = last.then(async () => {
        const { records, nextBefore } = await pages.page(question);
        const entries = records.map((record) => {
          const { id, detail } = describe(record);
          return { seq: record.seq, at: localIso(record.at, record.zone), kind: record.kind, summary: `${id} ${detail}`.trim(), data: entryOf(record) };
        });
        return { entries, next_before: nextBefore };
      });
      last = answer.catch(() => {}).finally(() => (waiting -= 1));
      return answer;
    },
  };
}
