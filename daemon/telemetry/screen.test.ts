import { expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { noEconomy } from '../economy/economy.ts';
import { noPoolAccount } from '../mining/pool-account.ts';
import { fakePool } from './rig-state.fixture.ts';
import { fitLines, StatusScreen, statusLines, summaryLines } from './screen.ts';
import type { RigState, ShareCounts } from './state.ts';
import { formatDifficulty, formatDuration, formatSi } from './units.ts';

const shares: ShareCounts = { accepted: 12, rejected: 1, stale: 2, unknown: 0, withheld: 0, hardware_errors: 0, duplicates: 0, blocks: 1, best_difficulty: 0.0123, last_accepted_at: null };
const state: RigState = {
  node: { id: 'rig1', version: '0.1.0', mode: 'demo', pid: 1, started_at: 0, uptime_secs: 3723 },
  mining: { status: 'mining', reason: null, hashrate_hs: 47_300_000, pool: 'p', shares, delays: { job_sent: null, share_sent: null }, session: { round: 1, target_zeros: 6, best_zeros: 7 }, last_reject: 'stale: bad\u001b[2Jthing' },
  pools: [fakePool({ id: 'p', url: 'stratum+tcp://pool:3333', user: 'me.rig' })],
  alarms: [],
  server: null,
  economy: noEconomy('EUR', 'none'),
  hunt: null,
  devices: [{ id: 'cpu', title: 'CPU', driver: 'cpu', capabilities: [], status: 'hashing', reason: null, hashrate_hs: null, hashes_total: null, temp_c: null, power_w: null, detail: {}, shares }],
  ledger: { accepted: 1, written: 1, queued: 0, backup: 0, emergency: 0, lost: 3, corrupt_files: 0, files_behind: 0, last_seq: 0, chain: '', last_error: 'disk full', degraded: true },
};

test('the screen answers: is it hashing, for whom, how well', () => {
  const text = statusLines(state, [], [], false).join('\n');
  expect(text).toContain('47.3 MH/s');
  expect(text).toContain('12 accepted   1 rejected   2 stale');
  expect(text).toContain('stratum+tcp://pool:3333');
  expect(text).toContain('me.rig');
  expect(text).toContain('1h 02m 03s');
  expect(text).toContain('3 lost');
});

test('the expected time per share tells a long silence from a fault', () => {
  const pools = [{ ...state.pools[0]!, difficulty: 16384 }];
  expect(statusLines({ ...state, pools }, [], [], false).join('\n')).toContain('difficulty 16.4 k, one share every 17d 05h 15m on average');
  expect(statusLines({ ...state, mining: { ...state.mining, hashrate_hs: null } }, [], [], false).join('\n')).not.toContain('on average');
});

test('on a small terminal old events give way, then devices; how to stop stays', () => {
  const recent = ['event 1', 'event 2', 'event 3', 'event 4', 'event 5', 'event 6'];
  const footer = ['ledger /data', 'watch  mosquitto_sub', 'Ctrl-C stops'];
  const whole = fitLines(state, recent, footer, false, 100);
  expect(whole).toContain('event 1');
  const fewer = fitLines(state, recent, footer, false, whole.length - 2);
  expect(fewer).toHaveLength(whole.length - 2);
  expect(fewer).not.toContain('event 2');
  expect(fewer).toEqual(expect.arrayContaining(['event 3', 'event 6', 'Ctrl-C stops']));
  const devices = Array.from({ length: 40 }, (_, n) => ({ ...state.devices[0]!, id: `miner${n}` }));
  const many = fitLines({ ...state, devices }, recent, footer, false, 23);
  expect(many).toHaveLength(23);
  expect(many.slice(-3)).toEqual(footer);
});

test('what the log warns of and an event tells again is one line', () => {
  const drawn: string[] = [];
  const out = { write: (text: string) => drawn.push(text), columns: 120, rows: 40 } as unknown as NodeJS.WriteStream;
  const clock = new ManualClock();
  const screen = new StatusScreen({ state: { snapshot: () => state }, clock, out, footer: [], color: false });
  screen.start();
  for (const text of ['warn: /dev/x went away', 'pac1: not plugged in: /dev/x went away', 'warn: disk is full', 'mining for p', 'mining for p']) screen.note(text);
  clock.advance(1000);
  screen.stop();
  const last = drawn.findLast((text) => text.includes('mining for p'))!;
  expect(last).not.toContain('warn: /dev/x went away');
  for (const text of ['pac1: not plugged in: /dev/x went away', 'warn: disk is full']) expect(last.split(text)).toHaveLength(2);
  expect(last.split('mining for p')).toHaveLength(3);
});

test('the kernel that hashes is named, of two the one that hashes now', () => {
  const named = (detail: Record<string, unknown>): string | undefined => statusLines({ ...state, devices: [{ ...state.devices[0]!, detail }] }, [], [], false).find((line) => line.startsWith('cpu'));
  expect(named({ kernel: 'wasm-simd' })).toContain('wasm-simd');
  expect(named({ kernel: 'avx512', kernel_rolled: 'shani', kernel_running: null })).toContain('avx512');
  expect(named({ kernel: 'avx512', kernel_rolled: 'shani', kernel_running: 'shani' })).toMatch(/^(?!.*avx512).*shani/);
});

test('unknown is shown as unknown, not as zero', () => {
  expect(statusLines(state, [], [], false).find((line) => line.startsWith('cpu'))).toContain('unknown');
});

test('text from a pool cannot move the cursor', () => {
  expect(statusLines(state, [], [], false).join('\n')).not.toContain('\u001b');
});

test('numbers read as a person expects', () => {
  expect(formatSi(1.44e6, 'H/s')).toBe('1.44 MH/s');
  expect(formatSi(999, 'H/s')).toBe('999 H/s');
  expect(formatDifficulty(16384)).toBe('16.4 k');
  expect(formatDifficulty(0.000123)).toBe('0.000123');
  expect(formatDuration(59)).toBe('0m 59s');
  expect(formatDuration(90_061)).toBe('1d 01h 01m');
});

test('after the end the result stays: what was accepted, where the ledger is, what was lost', () => {
  const text = summaryLines(state, '/data/Mining').join('\n');
  expect(text).toContain('12 shares accepted, 1 rejected, 2 stale, 1 blocks found');
  expect(text).toContain('/data/Mining');
  expect(text).toContain('3 entries were lost: disk full');
});

test('alarms that are on come first; those that ended are gone', () => {
  const alarm = { kind: 'payee_changed', subject: 'p', raised_at: 0, healed_at: null, message: 'p: pays another\u001b[2J address' } as const;
  const lines = statusLines({ ...state, alarms: [alarm, { ...alarm, healed_at: 1, message: 'over' }] }, [], [], false);
  expect(lines[2]).toBe('ALARM      Payee changed: p: pays another [2J address');
  expect(lines.join('\n')).not.toContain('over');
});

test('what the pool sees stands under the pool', () => {
  const account = { ...noPoolAccount(), sent: 200, rejected: 3, stale: 1, luck: { ratio: 1.05, low: 0.9, high: 1.2 }, pool_hashrate_hs: { value: 1e12, low: 9e11, high: 1.1e12 }, latency_ms: { p50: 24.4, p99: 90 } };
  const text = statusLines({ ...state, pools: [{ ...state.pools[0]!, account }] }, [], [], false).join('\n');
  expect(text).toContain('pool sees 1.00 TH/s (900 GH/s to 1.10 TH/s)   luck 105 %   2.0 % refused   answers in 24 ms');
});

test('an alarm is not told twice in one line', () => {
  const alarm = { severity: 'error', subject: 'rig', raised_at: 0, healed_at: null } as const;
  const alarms = [{ ...alarm, kind: 'all_pools_dead', message: 'no pool has work (a: no answer)' }, { ...alarm, kind: 'no_share', message: 'no share of this rig was accepted for 10 expected' }] as const;
  const lines = statusLines({ ...state, alarms }, [], [], false).filter((line) => line.startsWith('ALARM'));
  expect(lines).toEqual(['ALARM      no pool has work (a: no answer)', 'ALARM      No accepted shares: no share of this rig was accepted for 10 expected']);
});
