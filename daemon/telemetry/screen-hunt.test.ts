import { expect, test } from 'vitest';
import { fakeHunt } from './rig-state.fixture.ts';
import { huntLines } from './screen-hunt.ts';

const plain = (text: string): string => text.replaceAll('\u001b', '?');

test('how far it is, and what it found with the chance that it means nothing', () => {
  expect(huntLines(fakeHunt(), plain)).toEqual(['hunt       running   generation 2 of 10   12 of 100 jobs (1 failed)   12m 34s left   last SSE 3.750 (p 0.40)', '           best SSE 3.500 (p 0.060, the best of many), not proved on fresh seeds']);
  const golden = { source_job_uuid: 'a', log_prime_sse: 3.9, sdg_h_norm_l2: 0.002, p_value: 0.5, is_stable: true, is_significant: false };
  expect(huntLines(fakeHunt({ status: 'completed', eta_secs: null, golden }), plain)[1]).toBe('           best SSE 3.500 (p 0.060, the best of many); on fresh seeds SSE 3.900 (p 0.50): no better than scrambled fields, which is what noise gives');
});

test('nothing when there is none, and the reason of one that failed', () => {
  expect(huntLines(null, plain)).toEqual([]);
  expect(huntLines(fakeHunt({ status: 'idle' }), plain)).toEqual([]);
  expect(huntLines(fakeHunt({ status: 'failed', reason: 'the disk is full\u001b[2J', eta_secs: null, best: null }), plain)).toEqual(['hunt       failed   generation 2 of 10   12 of 100 jobs (1 failed)   the disk is full?[2J']);
});
