// Runs a small hunt in the folder given, on the built code, and says of every job that has ended so: what test/hunt-kill.slow.test.ts kills.
import { Hunt } from '../dist/daemon/hunt/hunt.js';
import { processSteps } from '../dist/daemon/hunt/process-steps.js';
import { localRunner } from '../dist/daemon/hunt/runner.js';
import { DEFAULT_HUNT } from '../dist/daemon/hunt/settings.js';
import { nodeDisk } from '../dist/daemon/ledger/disk/node-disk.js';
import { systemClock } from '../dist/protocol/common/clock.js';

// `generations` more, or 0: on to the target of before.
const [folder, generations, population] = process.argv.slice(2);
const settings = { ...DEFAULT_HUNT, seed: 11, population_size: Number(population), golden_seeds: 1, surrogates: 2, parameters: { ...DEFAULT_HUNT.parameters, N_grid: 16, dt: 0.1, T_steps: 100 } };
const keepAlive = setInterval(() => {}, 1000);
const hunt = await Hunt.open({
  folder,
  settings,
  workers: 2,
  runner: localRunner({ steps: processSteps({ nice: 0 }), disk: nodeDisk, clock: systemClock }),
  onEvent: (event) => {
    if (event.kind === 'job-started') process.stdout.write(`started ${event.job.job_uuid}\n`);
    if (event.kind === 'job-ended') process.stdout.write(`ended ${event.row.job.job_uuid}\n`);
  },
});
await hunt.run(generations === '0' ? undefined : Number(generations));
await hunt.close();
clearInterval(keepAlive);
