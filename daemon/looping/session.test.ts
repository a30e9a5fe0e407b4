import { beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MemoryLedger } from '../ledger/memory-ledger.fixture.ts';
import { MiningEngine } from '../mining/engine.ts';
import { HandDevice, HandSource, makeJob, search } from '../mining/mining.fixture.ts';
import { MiningSession, type SessionOptions } from './session.ts';

let clock: ManualClock;
let device: HandDevice;
let source: HandSource;
let ledger: MemoryLedger;
let engine: MiningEngine;

beforeEach(async () => {
  clock = new ManualClock();
  device = new HandDevice('cpu');
  source = new HandSource();
  ledger = new MemoryLedger();
  engine = new MiningEngine({ sources: [source], devices: [device], templates: new TemplateManager({ clock, localZeros: 1 }), withhold: () => null, clock, log: silentLog });
  await engine.start(new AbortController().signal);
});

function session(options: Partial<SessionOptions> = {}): MiningSession {
  const made = new MiningSession({ engine, ledger, clock, log: silentLog, mode: 'demo', minerId: 'rig1', targetZeros: 1, roundDurationMs: 60_000, maxAttempts: 0, maxRounds: 0, ...options });
  made.start();
  return made;
}
const events = (): unknown[] => ledger.reports.map((report) => report.data.event);

test('rounds end by time, and stop closes the round and the session', () => {
  const running = session();
  device.hashes = 500;
  clock.advance(60_000);
  expect(events()).toEqual(['mining_session_start', 'mining_round_complete']);
  device.hashes = 800;
  running.stop();
  running.stop();
  expect(events()).toEqual(['mining_session_start', 'mining_round_complete', 'mining_round_complete', 'mining_session_complete']);
  const rounds = ledger.reports.filter((report) => report.data.event === 'mining_round_complete');
  expect(rounds.map((report) => report.data.attempts_this_round)).toEqual([500, 300]);
  expect(ledger.reports.at(-1)).toMatchObject({ category: 'miners', component: 'Production-Miner', data: { total_attempts: 800, rounds_completed: 2 } });
});

test('a round ends when its attempts are used up, and the session after its last round', async () => {
  const running = session({ maxAttempts: 1000, maxRounds: 2 });
  device.hashes = 1000;
  clock.advance(250);
  expect(running.state().round).toBe(2);
  device.hashes = 2000;
  clock.advance(250);
  await running.done;
  expect(events().filter((event) => event === 'mining_session_complete')).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});

test('the attempts of the rounds add up to those of the session although hashing never pauses', async () => {
  const { hashesTotal } = engine;
  // Every look at the counter finds it further on, as with threads that hash meanwhile.
  engine.hashesTotal = () => {
    device.hashes += 7;
    return hashesTotal.call(engine);
  };
  const running = session({ maxAttempts: 1000, maxRounds: 2 });
  for (let round = 0; round < 2; round++) {
    device.hashes += 1000;
    clock.advance(250);
  }
  await running.done;
  const rounds = ledger.reports.filter((report) => report.data.event === 'mining_round_complete').map((report) => report.data.attempts_this_round as number);
  expect(rounds).toHaveLength(2);
  expect(rounds[0]! + rounds[1]!).toBe(ledger.reports.at(-1)!.data.total_attempts);
});

test('a clock step does not end a round', () => {
  session();
  clock.setWall(clock.now() + 3_600_000);
  clock.advance(1000);
  expect(events()).toEqual(['mining_session_start']);
});

test('shares, blocks and the best hash of a round are in its report', async () => {
  const running = session();
  source.events.emit('job', makeJob());
  device.events.emit('nonce', search(device.work!, (hash) => hash <= makeJob().networkTarget));
  for (let i = 0; i < 5; i++) await Promise.resolve();
  running.stop();
  const round = ledger.reports.find((report) => report.data.event === 'mining_round_complete')!.data;
  expect(round).toMatchObject({ shares_found: 1, shares_accepted: 1, blocks_found: 1 });
  expect(round.best_leading_zeros).toBeGreaterThanOrEqual(1);
  expect(round.best_difficulty).toBeGreaterThan(0);
});

test('without a counting device attempts are unknown, not zero', () => {
  device.state = () => ({ status: 'hashing', reason: null, hashrate_hs: null, hashes_total: null, temp_c: null, power_w: null, detail: {} });
  session().stop();
  expect(ledger.reports.at(-1)!.data.total_attempts).toBeNull();
});
