import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { uniform } from '../../sim/random.fixture.ts';
import { decodeLine } from './decode.ts';
import { AUTHORIZE_ANSWER, MASK_ANSWER, notifyLine, SUBSCRIBE_ANSWER, TestClient } from './client.fixture.ts';
import { fuzzClient, POOL_LINES, recordedLines } from './fuzz-run.fixture.ts';
import type { ClientOutput } from './outputs.ts';

/** What a session makes of one line, in two chunks. */
function outcome(line: Uint8Array, cut: number): ClientOutput[] {
  const t = new TestClient();
  t.connect();
  t.feed(MASK_ANSWER, SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('first'));
  return [...t.client.receive(line.subarray(0, cut), 0), ...t.client.receive(line.subarray(cut), 0)];
}

describe('fuzz', () => {
  it('100,000 mutated lines: the client never throws, and goes on or closes with a reason', () => {
    const { lines, sessions, jobs, closed, warnings } = fuzzClient(POOL_LINES, 100_000, uniform(1));
    expect(lines).toBe(100_000);
    // Mild enough for work to come through, and wild enough for sessions to end: it is not always the first check that stops a line.
    expect(jobs).toBeGreaterThan(sessions);
    expect(closed).toBeGreaterThan(sessions / 20);
    expect(closed).toBeLessThan(sessions);
    expect(warnings).toBeGreaterThan(sessions);
  }, 60_000);

  it('makes the same of a line wherever it is cut', () => {
    for (const text of POOL_LINES) {
      const line = Buffer.from(`${text}\r\n`);
      const whole = outcome(line, 0);
      for (let cut = 1; cut <= line.length; cut++) expect({ cut, outputs: outcome(line, cut) }).toEqual({ cut, outputs: whole });
    }
  });

  it('20,000 lines made from those of recorded sessions', (context) => {
    const { lines } = fuzzClient(recordedLines((name) => loadVectors(context, name)), 20_000, uniform(2));
    expect(lines).toBe(20_000);
  }, 60_000);

  it('decodes any text to a message', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json({ maxDepth: 3 })), (text) => void decodeLine(text)), { numRuns: 300 });
  });
});
