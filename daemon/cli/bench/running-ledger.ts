import path from 'node:path';
import { systemClock } from '../../../protocol/common/clock.ts';
import { isObject } from '../../../protocol/common/json.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import type { RunningLedger, SessionTraffic } from '../../../bench/ledger-kit.ts';
import { checkedPart } from '../../brainstem/blueprint.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import type { EngineSettings } from '../../ledger/engine/contract.ts';
import { threadEngine } from '../../ledger/engine/thread.ts';
import { segmentLines } from '../../ledger/journal/lines.ts';
import { segmentsIn } from '../../ledger/journal/segment.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { journalFolder } from '../../ledger/query/records.ts';
import { blueprintFile } from '../actions/check-blueprint.ts';

/** As in a configuration that does not say. */
const QUEUE_LIMIT = 10_000;
/** A benchmark may wait longer for a slow disk than a service that is stopped. */
const CLOSE_MS = 600_000;

/** Opens the ledger of a folder as the daemon does: real clock, engine in a thread of its own. */
export function openRunningLedger(dataDir: string, settings: EngineSettings): RunningLedger {
  const startedAt = Date.now();
  const brainstem = createBrainstem({ blueprintFile: blueprintFile(), dataDir, mode: 'live', clock: systemClock, log: silentLog });
  const { timeZone } = brainstem;
  const setup = { blueprintFile: blueprintFile(), checked: checkedPart(brainstem.blueprint), dataDir, mode: 'live', timeZone, weekNumbering: undefined, settings, backupFolder: null } as const;
  const engine = threadEngine({ setup, clock: systemClock, log: silentLog });
  const ledger = createLedger({ brainstem, clock: systemClock, log: silentLog, queueLimit: QUEUE_LIMIT, engine, closeTimeoutMs: CLOSE_MS });
  return {
    queueLimit: QUEUE_LIMIT,
    report: (report: JsonObject) => void ledger.saveSystemReport('miners', report, 'Production-Miner'),
    counts: () => {
      const { queued, written, lost, backup, emergency, last_seq: lastSeq } = ledger.stats();
      return { queued, written, lost: lost + backup + emergency, lastSeq };
    },
    flush: () => ledger.flush(),
    async close() {
      await ledger.close();
      return await lastMeter(brainstem.base, startedAt);
    },
  };
}

/** What the run that just ended wrote, as it noted itself when it closed. @param since ms since the epoch */
async function lastMeter(base: string, since: number): Promise<SessionTraffic> {
  const folder = journalFolder(base);
  const sum = { bytes: 0, fsyncs: 0, entries: 0 };
  const newest = (await segmentsIn(nodeDisk, folder)).at(-1);
  if (newest === undefined) throw new Error(`there is no journal in ${path.dirname(folder)}`);
  for await (const lines of segmentLines(nodeDisk, folder, newest)) {
    for (const { json } of lines) {
      if (json?.startsWith('{"w":') !== true) continue;
      const { w } = JSON.parse(json) as { w: unknown };
      if (!isObject(w) || Number(w.from) < since) continue;
      sum.bytes += Number(w.journal) + Number(w.leaf) + Number(w.coarse);
      sum.fsyncs += Number(w.fsyncs);
      sum.entries += Number(w.entries);
    }
  }
  return sum;
}
