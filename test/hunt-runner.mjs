// Runs a small hunt in the folder given, on the built code, and says of every job that has ended so: what test/hunt-kill.slow.test.ts and
// test/hunt-hosts.slow.test.ts kill.
import { huntSchema } from '../dist/config/hunt-schema.js';
import { createRunner } from '../dist/daemon/hunt/create-runner.js';
import { Hunt } from '../dist/daemon/hunt/hunt.js';
import { processSteps } from '../dist/daemon/hunt/process-steps.js';
import { DEFAULT_HUNT } from '../dist/daemon/hunt/settings.js';
import { nodeDisk } from '../dist/daemon/ledger/disk/node-disk.js';
import { systemClock } from '../dist/protocol/common/clock.js';
import { silentLog } from '../dist/protocol/common/log.js';

// `generations` more, or 0: on to the target of before. `config`: of the hunt, JSON.
const [folder, generations, population, config = '{}', steps = '100'] = process.argv.slice(2);
const settings = { ...DEFAULT_HUNT, seed: 11, population_size: Number(population), golden_seeds: 1, surrogates: 2, parameters: { ...DEFAULT_HUNT.parameters, N_grid: 16, dt: 0.1, T_steps: Number(steps) } };
const keepAlive = setInterval(() => {}, 1000);
const runner = await createRunner(huntSchema.parse(JSON.parse(config)), { steps: processSteps({ nice: 0 }), disk: nodeDisk, clock: systemClock, log: silentLog, resolveSecret: () => null });
const hunt = await Hunt.open({
  folder,
  settings,
  workers: 2,
  runner,
  onEvent: (event) => {
    if (event.kind === 'job-started') process.stdout.write(`started ${event.job.job_uuid}\n`);
    if (event.kind === 'job-ended') process.stdout.write(`ended ${event.row.job.job_uuid}\n`);
  },
});
await hunt.run(generations === '0' ? undefined : Number(generations));
await hunt.close();
await runner.close();
clearInterval(keepAlive);
