import { beforeEach, expect, test } from 'vitest';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import { HandSource, makeJob } from '../daemon/mining/mining.fixture.ts';
import { asicRig, settle } from '../drivers/asic/device.fixture.ts';
import { silentLog } from '../protocol/common/log.ts';

let rig: ReturnType<typeof asicRig>;
let node: HandSource;
let backup: HandSource;
let engine: MiningEngine;
let jobs = 0;

beforeEach(async () => {
  rig = asicRig();
  node = new HandSource('node');
  backup = new HandSource('backup');
  engine = new MiningEngine({ sources: [node, backup], devices: [rig.device], templates: new TemplateManager({ clock: rig.clock, localZeros: 64 }), withhold: () => null, clock: rig.clock, log: silentLog });
  await engine.start(new AbortController().signal);
  job(node);
  await rig.pass(90_000);
  expect(rig.device.state().status).toBe('hashing');
  return async () => {
    const stopping = engine.stop();
    for (let i = 0; i < 30; i++) await rig.pass(50, 50);
    await stopping;
  };
});

function job(source: HandSource): void {
  jobs += 1;
  source.status = 'mining';
  source.events.emit('job', makeJob({ sourceId: source.id, key: `${source.id}:${jobs}`, ntime: 1_766_000_000 + jobs }));
}

function fail(source: HandSource): void {
  source.events.emit('invalidate', 'connection lost');
  source.status = 'backing_off';
  source.events.emit('change');
}

const power = (): string[] => rig.board().calls.filter((call) => call === 'start' || call === 'halt' || call === 'stop');

test('between two jobs of the same pool boards keep their power, however often that happens', async () => {
  for (let i = 0; i < 50; i++) {
    node.events.emit('invalidate', 'block found: waiting for the next template');
    await settle();
    expect(rig.device.state().status).toBe('idle');
    await rig.pass(i % 2 === 0 ? 5 : 3000);
    job(node);
    await settle();
    expect(rig.device.state().status).toBe('hashing');
  }
  expect(power()).toEqual(['start']);
});

test('a switch to another pool takes no work from a board, not for a moment', async () => {
  job(backup);
  const statuses = new Set<string>();
  rig.device.events.on('change', () => statuses.add(rig.device.state().status));
  const sent = rig.board().sent.length;
  fail(node);
  await settle();
  expect(rig.board().sent.length).toBeGreaterThan(sent);
  job(node);
  await rig.pass(61_000);
  expect(engine.activeSource).toBe('node');
  expect(statuses).toEqual(new Set());
  expect(power()).toEqual(['start']);
});

test('without any pool boards are halted, say why, and mine again by themselves, hours later', async () => {
  fail(node);
  expect(engine.activeSource).toBeNull();
  expect(rig.device.state()).toMatchObject({ status: 'idle', reason: 'no work' });
  await rig.pass(9_000);
  expect(rig.board().powered).toBe(true);
  await rig.pass(2_000);
  expect(rig.board().powered).toBe(false);
  expect(rig.device.state()).toMatchObject({ status: 'idle', reason: 'no work: halted until there is some', hashrate_hs: 0 });
  await rig.pass(6 * 3_600_000, 60_000);
  expect(power()).toEqual(['start', 'halt']);
  job(node);
  await settle();
  expect(rig.device.state().status).toBe('hashing');
  expect(power()).toEqual(['start', 'halt', 'start']);
});

test('pools that come and go do not switch boards on and off', async () => {
  fail(node);
  await rig.pass(15_000);
  const before = power().length;
  // Work for a second, none for twenty, for ten minutes.
  for (let i = 0; i < 30; i++) {
    job(node);
    await rig.pass(1_000);
    fail(node);
    await rig.pass(19_000);
  }
  // Once on; off again no sooner than a minute after it.
  expect(power().slice(before).length).toBeLessThanOrEqual(20);
});
