import { expect, test } from 'vitest';
import type { Share } from './job.ts';
import { makeJob } from './mining.fixture.ts';
import { withholdReason } from './submit-policy.ts';

const share = (nbits: number): Share => ({ job: makeJob({ nbits }) }) as Share;
const MAINNET = 0x170c7537;
const REGTEST = 0x207fffff;

test('staging never submits, not even to regtest', () => {
  expect(withholdReason(share(REGTEST), { mode: 'staging', live: true, autoSubmit: true })).toMatch(/staging/);
});

test('live submits to a real network only after the explicit opt-in, to regtest always', () => {
  expect(withholdReason(share(MAINNET), { mode: 'live', live: false, autoSubmit: true })).toMatch(/mining\.live/);
  expect(withholdReason(share(MAINNET), { mode: 'live', live: true, autoSubmit: true })).toBeNull();
  expect(withholdReason(share(REGTEST), { mode: 'live', live: false, autoSubmit: true })).toBeNull();
});

test('test mode submits to regtest only', () => {
  expect(withholdReason(share(MAINNET), { mode: 'test', live: true, autoSubmit: true })).toMatch(/regtest/);
  expect(withholdReason(share(REGTEST), { mode: 'test', live: false, autoSubmit: true })).toBeNull();
});

test('auto_submit off holds everything back in every mode', () => {
  for (const mode of ['demo', 'test', 'staging', 'live'] as const) expect(withholdReason(share(REGTEST), { mode, live: true, autoSubmit: false })).toMatch(/auto_submit/);
});
