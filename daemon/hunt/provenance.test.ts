import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { SIMULATED, SETTINGS, validationOf } from './hunt.fixture.ts';
import { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import { readWhole } from '../ledger/disk/files.ts';
import { packageRoot } from '../version.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { configHash, contentOf, type HuntJob } from './job.ts';
import { metricsSchema, provenanceText, readProvenance } from './provenance.ts';
import { runJob } from './run-job.ts';
import { fieldTopology } from './tda/topology.ts';

const uuid = '00000000-0000-4000-8000-000000000001';
const content = contentOf(SETTINGS.parameters, 1);
const job: HuntJob = { job_uuid: uuid, config_hash: configHash(content), generation: 0, origin: 'uniform', parent_1: null, parent_2: null, ...content };
const values = Float64Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 3 : 1));
const { topology } = fieldTopology({ re: values, im: new Float64Array(64) }, 8, 2, { threshold: 2 });

async function written(): Promise<string> {
  const disk = new SimDisk();
  const steps = { simulate: () => Promise.resolve(SIMULATED), validate: () => Promise.resolve({ ...validationOf(job), topology }) };
  await runJob(job, { steps, disk, clock: new ManualClock(), huntId: uuid, provenanceFolder: '/hunt/provenance', fieldFolder: '/hunt/fields', surrogates: 1, signal: new AbortController().signal });
  return (await readWhole(disk, `/hunt/provenance/provenance_${uuid}.json`)).toString('utf8');
}

test('what the validator and the run found stands in the file, the topology too, and comes back as it was', async () => {
  const text = await written();
  const provenance = readProvenance(text)!;
  expect(provenance.topology).toEqual(topology);
  expect(topology.n_events).toBeGreaterThan(3);
  expect(provenance.metrics).toMatchObject({ tau_c: SIMULATED.tauC, box_dimension: 1.2, log_prime_sse: validationOf(job).metrics.log_prime_sse });
  expect(provenanceText(provenance)).toBe(text);
});

test('a file from before the later metrics is read, and has none of them', async () => {
  const old = JSON.parse(await written()) as { metrics: Record<string, unknown>; topology: unknown };
  for (const name of ['box_dimension', 'nonlinear_balance', 'omega_saturation', 'stress_shear', 'bragg_peaks', 'bragg_share', 'informational_compliance', 'c4_contrast', 'tau_c']) delete old.metrics[name];
  old.topology = null;
  expect(readProvenance(JSON.stringify(old))).toMatchObject({ topology: null, metrics: { box_dimension: null, tau_c: null, pcs: 0.1 } });
  delete old.metrics['pcs'];
  expect(readProvenance(JSON.stringify(old))).toBeNull();
});

test('docs/hunt-metrics.md names every metric, and docs/tda.md every field of the topology', () => {
  const page = (name: string): string => readFileSync(path.join(packageRoot(), 'docs', name), 'utf8');
  expect(Object.keys(metricsSchema.shape).filter((name) => !page('hunt-metrics.md').includes(`\`${name}\``))).toEqual([]);
  expect(Object.keys(topology).filter((name) => !page('tda.md').includes(`\`${name}\``))).toEqual([]);
});
