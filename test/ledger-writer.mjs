// Writes to a ledger as fast as it is asked to, until it is killed, and says how much of it is durable.
import path from 'node:path';
import { createBrainstem } from '../dist/daemon/brainstem/brainstem.js';
import { threadEngine } from '../dist/daemon/ledger/engine/thread.js';
import { createLedger } from '../dist/daemon/ledger/ledger.js';
import { systemClock } from '../dist/protocol/common/clock.js';
import { silentLog } from '../dist/protocol/common/log.js';

const [dataDir, first, seed] = process.argv.slice(2);
const blueprintFile = path.resolve(import.meta.dirname, '..', 'Brain.QTL');
const stem = { blueprintFile, dataDir, mode: 'demo', timeZone: undefined, weekNumbering: undefined };
const brainstem = createBrainstem({ ...stem, clock: systemClock, log: silentLog });
// Everything happens often: a commit, a publication, a new segment, a new part of a file.
const settings = { syncMs: 5, leafFlushMs: 15, coarseFlushMs: 40, maxViewBytes: 60_000, segmentBytes: 65_536 };
const engine = threadEngine({ setup: { ...stem, settings, backupFolder: null }, clock: systemClock, log: silentLog });
const ledger = createLedger({ brainstem, clock: systemClock, log: silentLog, queueLimit: 100_000, engine });
ledger.begin(Date.now(), { mode: 'demo', max_view_bytes: settings.maxViewBytes });

let number = Number(first);
let told = -1;
// Three seconds an entry, so that an hour ends after 1,200 of them and the year in the middle of the run.
const began = Date.parse('2025-12-31T12:00:00-06:00');
setInterval(() => {
  for (let i = 0; i < 4; i += 1, number += 1) {
    const id = `attempt_kill_${seed}_${String(number).padStart(6, '0')}`;
    ledger.append('ledger', { id, timestamp: new Date(began + number * 3_000).toISOString(), nonce: number, hashes_tried: 1000, difficulty: number / 7 });
    if (number % 5 === 0) ledger.saveSystemReport('miners', { event: 'mining_round_complete', attempts_this_round: 1, number });
  }
  // Everything is accepted in order and nothing fails here, so a count says which ones are safe.
  const { written, lost, backup, emergency } = ledger.stats();
  if (lost + backup + emergency > 0) process.stdout.write('lost\n');
  if (written !== told) process.stdout.write(`${(told = written)}\n`);
}, 4);
