import { expect, test } from 'vitest';
import { fakeDevice, fakeHunt, fakeRigState } from '../../daemon/telemetry/rig-state.fixture.ts';
import { huntShareWords, makeWords, spaced, statusWords, verdictWords } from './words.ts';

const state = fakeRigState();
const having = (mining: Partial<typeof state.mining>): typeof state => ({ ...state, mining: { ...state.mining, ...mining } });

test('the sentence says whether it hashes, and does not take work for hashing', () => {
  expect(statusWords(state)).toEqual({ text: 'Hashing', tone: 'good' });
  expect(statusWords(having({ hashrate_hs: 0 })).tone).toBe('bad');
  expect(statusWords(having({ status: 'no_pool' })).text).toContain('no pool');
  expect(statusWords(having({ status: 'paused' })).text).toBe('Paused');
});

test('a rate that a hunt makes smaller is explained, and only then', () => {
  const hunting = (engine: 'local' | 'bullmq', runs: number): typeof state => ({ ...state, hunt: { ...fakeHunt(), engine, running: Array.from({ length: runs }, () => ({ job_uuid: 'a', generation: 0, step: 'simulate' as const, done: 0.5 })) } });
  const devices = [fakeDevice({ driver: 'cpu' })];
  expect(huntShareWords({ ...hunting('local', 1), devices })).toContain('hunt');
  expect(huntShareWords({ ...hunting('local', 0), devices })).toBeNull();
  expect(huntShareWords({ ...hunting('bullmq', 1), devices })).toBeNull();
  expect(huntShareWords({ ...hunting('local', 1), devices: [fakeDevice({ driver: 'bitaxe-raw' })] })).toBeNull();
});

test('a payee that changed is bad, one that nobody knows yet is not', () => {
  expect(verdictWords(null).tone).toBe('plain');
  const payout = { expected_address: null, expected_from: null, paid_sat: null, total_sat: 1, paid_percent: null, outputs: [], output_count: 1, tag: null, height: null, verdict: 'payee_changed', explanation: '' } as const;
  expect(verdictWords(payout)).toEqual({ text: 'the payee has changed', tone: 'bad' });
});

test('a device says what it is made of, and leaves out what it does not know', () => {
  expect(makeWords(fakeDevice())).toBe('kernel sse2, 2 threads');
  const detail = { chip: 'BM1366', chips: 5, chips_expected: 6, frequency_mhz: 525, voltage_v: null, fan_percent: 59.4 };
  expect(makeWords(fakeDevice({ detail })).replaceAll('\u00a0', ' ')).toBe('5 of 6 \u00d7 BM1366, 525 MHz, fan 59 %');
  expect(makeWords(fakeDevice({ detail: {} }))).toBe('');
});

test('codes are made words', () => {
  expect(spaced('backing_off')).toBe('backing off');
});
