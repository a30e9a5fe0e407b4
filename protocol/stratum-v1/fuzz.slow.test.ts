/** More than a million lines; see `fuzz.test.ts`. RIGBRAIN_SEED=n tries others. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { uniform } from '../../sim/random.fixture.ts';
import { TestClient } from './client.fixture.ts';
import { mutate } from './fuzz.fixture.ts';
import { fuzzClient, POOL_LINES, recordedLines } from './fuzz-run.fixture.ts';

const SEED = Number(process.env.RIGBRAIN_SEED ?? 100);

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('fuzz, at length', () => {
  it('1,000,000 mutated lines: the client never throws, and goes on or closes with a reason', () => {
    const before = heapUsed();
    const { lines, sessions, jobs, closed } = fuzzClient(POOL_LINES, 1_000_000, uniform(SEED));
    expect(lines).toBe(1_000_000);
    expect(jobs).toBeGreaterThan(sessions);
    expect(closed).toBeGreaterThan(sessions / 20);
    // Nothing of thousands of sessions stays.
    expect(heapUsed() - before).toBeLessThan(8 * 2 ** 20);
  }, 600_000);

  it('250,000 lines made from those of recorded sessions', (context) => {
    const { lines } = fuzzClient(recordedLines((name) => loadVectors(context, name)), 250_000, uniform(SEED + 1));
    expect(lines).toBe(250_000);
  }, 600_000);

  it('one session that never ends keeps no more after 200,000 lines than after 20,000', () => {
    const random = uniform(SEED + 2);
    // No deadline is looked at, and the garbage before is always an hour old.
    const t = new TestClient();
    t.handshake();
    const feed = (count: number): number => {
      let jobs = 0;
      for (let i = 0; i < count; i++) {
        const line = mutate(POOL_LINES, random);
        // What would end it is left out: redirects, and lines too long to wait for.
        if (line.includes('reconnect') || line.length > 2 ** 16) continue;
        t.now += 3_600_000;
        const outputs = t.client.receive(Buffer.concat([line, Buffer.from('\n')]), t.now);
        if (outputs.some(({ type }) => type === 'job')) jobs += 1;
        t.submit(jobs, `s${i}`);
        if (t.client.phase === 'closed') expect.unreachable(`closed at line ${i}: ${JSON.stringify(outputs)}`);
      }
      return jobs;
    };
    feed(20_000);
    const before = heapUsed();
    const jobs = feed(180_000);
    expect(jobs).toBeGreaterThan(1_000);
    expect(heapUsed() - before).toBeLessThan(2 * 2 ** 20);
  }, 600_000);
});
