import { expect, test } from 'vitest';
import { configHash, contentOf, type HuntJob } from '../job.ts';
import { SETTINGS } from '../hunt.fixture.ts';
import { huntContract, queueNames, readTask, type QueueTask } from './contract.ts';

const UUID = '00000000-0000-4000-8000-000000000001';
const content = contentOf(SETTINGS.parameters, 5);
const job: HuntJob = { job_uuid: UUID, config_hash: configHash(content), generation: 0, origin: 'uniform', parent_1: null, parent_2: null, ...content };
const task: QueueTask = { contract: huntContract(), hunt_id: UUID, surrogates: 3, simulate_deadline_ms: 1000, validate_deadline_ms: 1000, attempts: 3, job };

test('a worker takes a job as it was sent', () => {
  expect(readTask(JSON.parse(JSON.stringify(task)), huntContract())).toEqual(task);
});

test.each<readonly [string, unknown, RegExp]>([
  ['another contract', { ...task, contract: '0.0.1/old' }, /of contract 0\.0\.1\/old, and this host has/],
  ['nothing in it', null, /of contract undefined/],
  ['a uuid that is a path', { ...task, job: { ...job, job_uuid: '../../etc' } }, /job_uuid/],
  ['parameters that are not those of its hash', { ...task, job: { ...job, global_seed: 1 } }, /config_hash/],
  ['parameters that no solver takes', { ...task, job: { ...job, ...hashed({ ...content, simulation: { ...content.simulation, N_grid: 20 } }) } }, /N_grid/],
  ['a deadline of weeks', { ...task, simulate_deadline_ms: 1e12 }, /simulate_deadline_ms/],
])('a worker refuses a job with %s', (_, data, why) => {
  expect(() => readTask(data, huntContract())).toThrow(why);
  expect(() => readTask(data, huntContract())).toThrow(expect.objectContaining({ code: 'E_HUNT_QUEUE' }));
});

test('each contract has a queue of its own, in a place that all share', () => {
  const [ours, theirs] = [queueNames('q', huntContract()), queueNames('q', '9.9.9/x')];
  expect(ours.queue).not.toBe(theirs.queue);
  // BullMQ puts a colon between prefix, queue and job.
  expect(ours.queue).toMatch(/^[A-Za-z0-9._-]+$/);
  expect(ours.presence).toBe(theirs.presence);
});

function hashed(of: typeof content): typeof content & { readonly config_hash: string } {
  return { ...of, config_hash: configHash(of) };
}
