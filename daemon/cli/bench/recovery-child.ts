/**
 * The two processes of the recovery measurement: `write FOLDER SETTINGS` writes until it is killed, `start FOLDER
 * SETTINGS` is the start after that. Both print lines of JSON.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { EngineSettings } from '../../ledger/engine/contract.ts';
import { openRunningLedger } from './running-ledger.ts';

const [role, folder = '', settings = ''] = process.argv.slice(2);
const ledger = openRunningLedger(folder, JSON.parse(settings) as EngineSettings);
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const report = { event: 'mining_round_complete', round_number: 0, attempts_this_round: 325_000, best_difficulty: 1, blocks_found: 0 };

if (role === 'write') {
  for (let handed = 0; ; ) {
    for (let n = 0; n < 10; n += 1, handed += 1) ledger.report({ ...report, round_number: handed });
    await sleep(5);
    if (handed % 100 === 0) print({ handed, durable: ledger.counts().lastSeq });
  }
} else {
  const opened = performance.now();
  // About a block, so that it is synced at once whatever the preset says.
  ledger.report({ ...report, is_block: true });
  while (ledger.counts().written === 0) await nextTurn();
  const durable = performance.now();
  const found = ledger.counts().lastSeq - 1;
  await ledger.flush();
  print({ first_durable_ms: durable - opened, caught_up_ms: performance.now() - opened, process_ms: durable, found });
  await ledger.close();
  process.exit(0);
}
