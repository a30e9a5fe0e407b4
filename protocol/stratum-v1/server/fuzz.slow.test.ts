import { expect, it } from 'vitest';
import { fuzzSessions } from './fuzz.fixture.ts';
import { MINER_LINES } from './fuzz-lines.fixture.ts';

it('answers every request once, accepts nothing but shares, and never throws: 1,000,000 lines', () => {
  const { lines, accepted, refused, closed } = fuzzSessions(1_000_000, 0xf022, MINER_LINES);
  expect(lines).toBeGreaterThanOrEqual(1_000_000);
  for (const count of [accepted, refused, closed]) expect(count).toBeGreaterThan(5000);
}, 600_000);
