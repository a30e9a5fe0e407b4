import { describe, expect, test } from 'vitest';
import type { GenerationSummary, HuntSummary } from '../../hunt/archive-types.ts';
import type { HuntTelemetry } from '../../telemetry/state.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { follow, type FollowOptions } from './follow.ts';
import { causes, generationLine, statusLine, summaryLines } from './words.ts';

const STATE: HuntTelemetry = {
  status: 'running', reason: null, hunt_id: 'h', engine: 'local', generation: 0, generations: 2, population: 2, jobs_total: 4, jobs_done: 0, jobs_failed: 0, running: [],
  eta_secs: null, started_at: 0, ended_at: null, last_event: null, last_event_at: null, last_sse: null, last_h_norm: null, last_p_value: null, best: null, golden: null,
};
const ended = (generation: number, over: Partial<GenerationSummary> = {}): GenerationSummary => ({ generation, jobs: 2, done: 2, failed: 0, best_fitness: 0.3, best_sse: 3.41234, median_sse: 3.9, best_h_norm: 0.0012, median_h_norm: 0.003, best_sse_p_value: 0.0606, median_p_value: 0.5, median_null_sse: 3.95, ...over });
const SUMMARY = { generations: 2 } as HuntSummary;

/** One state a look, and the generations that have ended by then. */
async function watch(course: readonly (readonly [Partial<HuntTelemetry>, readonly GenerationSummary[]])[], over: Partial<FollowOptions> = {}): Promise<{ io: FakeIo; last: HuntTelemetry | null }> {
  const io = new FakeIo('/');
  let at = -1;
  const last = await follow(
    io,
    {
      state: () => Promise.resolve({ ...STATE, ...course[Math.min(++at, course.length - 1)]![0] }),
      detail: () => Promise.resolve({ summary: SUMMARY, generations: course[Math.min(at, course.length - 1)]![1] }),
    },
    { huntId: 'h', json: false, signal: new AbortController().signal, sleep: () => Promise.resolve(), ...over },
  );
  return { io, last };
}

const half = ended(1, { done: 1 });

describe('a hunt that is followed', () => {
  const course = [
    [{}, [ended(0, { done: 0 })]],
    [{ generation: 1, jobs_done: 2 }, [ended(0), half]],
    [{ generation: 1, jobs_done: 3 }, [ended(0), half]],
    [{ generation: 1, jobs_done: 4 }, [ended(0), ended(1)]],
    [{ generation: 1, jobs_done: 4, status: 'completed' }, [ended(0), ended(1)]],
  ] as const;

  test('has a line for each generation once it has ended, and one that moves', async () => {
    const { io, last } = await watch(course);
    expect(io.outLines.map((line) => line.split(':')[0])).toEqual(['generation 0 (1 of 2)', 'generation 1 (2 of 2)']);
    expect(io.statusLines).toEqual(['generation 1/2  0/4 jobs  0 %  ETA -', 'generation 2/2  2/4 jobs  50 %  ETA -', 'generation 2/2  3/4 jobs  75 %  ETA -', 'the best run on fresh seeds  4/4 jobs']);
    expect(last!.status).toBe('completed');
  });

  test('tells what it told before no more, and objects to programs', async () => {
    const { io } = await watch(course, { from: 1, json: true });
    expect(io.outLines.map((line) => JSON.parse(line) as unknown)).toEqual([{ type: 'generation', ...ended(1) }]);
  });

  test('whose place another has taken, or which is watched no longer, has no last state', async () => {
    expect((await watch([[{ hunt_id: 'another' }, [ended(0)]]])).last).toBeNull();
    expect((await watch(course, { signal: AbortSignal.abort() })).last).toBeNull();
  });
});

describe('words', () => {
  test('a score stands beside its p-value and what scrambled fields have', () => {
    expect(generationLine(ended(3, { failed: 1 }), 10)).toBe('generation 3 (4 of 10): best SSE 3.412 (p 0.061), median 3.9 (p 0.5); scrambled fields 3.95; h-norm 0.0012, median 0.003; 2 jobs, 1 failed');
    expect(generationLine(ended(0, { best_sse: null, jobs: 1, failed: 1 }), 1)).toBe('generation 0 (1 of 1): no score; 1 job, 1 failed');
  });

  test('a hunt that failed in the daemon is not called stopped, and says why', () => {
    const summary: HuntSummary = { hunt_id: 'h', folder: 'h', status: 'stopped', created_utc: '2026-01-01T00:00:00.000Z', generations: 2, generations_done: 0, population: 2, jobs_done: 1, jobs_failed: 0, best: null, has_golden: false };
    const lines = summaryLines(new FakeIo('/'), summary, { ...STATE, status: 'failed', reason: 'ENOSPC: the disk is full', last_event: 'hunt failed: ENOSPC: the disk is full' }, '');
    expect(lines[0]).toMatch(/failed$/);
    expect(lines.filter((line) => line.includes('ENOSPC'))).toEqual(['reason       ENOSPC: the disk is full']);
    expect(summaryLines(new FakeIo('/'), summary, null, '')[0]).toMatch(/stopped$/);
  });

  test('a hunt without any score says why', () => {
    expect(causes([{ sentinel_code: 996 }, { sentinel_code: 997 }, { sentinel_code: null }, { sentinel_code: 997 }])).toBe('2 \u00d7 no structure (code 997), 1 \u00d7 no peaks that fit (code 996)');
  });

  test('what is under way counts in parts; a pause and failures are seen', () => {
    expect(statusLine({ ...STATE, status: 'paused', generation: 1, jobs_done: 2, jobs_failed: 1, eta_secs: 3723, last_sse: 3.4, last_p_value: 0.42, running: [{ job_uuid: 'a', generation: 1, step: 'simulate', done: 0.5 }] })).toBe('PAUSED  generation 2/2  2/4 jobs  62 %  ETA 1h 02m 03s  last SSE 3.4 (p 0.42)  1 failed');
  });
});
