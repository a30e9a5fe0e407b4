import { describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { benchHashCommand } from './bench-hash.ts';

const SHORT = { slices: 1, sliceMs: 5, jobSwitches: 3, eventLoopMs: 60 };
const GLOBALS = { json: false, data: null, config: null };

describe('bench hash', () => {
  it('prints the report as JSON', async () => {
    const io = new FakeIo('/');
    expect(await benchHashCommand(io, { ...GLOBALS, json: true }, 'js', SHORT)).toBe(0);
    expect(io.stderr).toBe('');
    expect(JSON.parse(io.stdout)).toMatchObject({
      kernels: expect.arrayContaining([{ kernel: 'js', lanes: 1, isa: 'JavaScript', hashes_per_second: expect.any(Number), source: 'js', min: expect.any(Number), max: expect.any(Number), ratio_to_js: 1 }]),
      threads: expect.any(Number),
      job_switch_us: { p50: expect.any(Number), p99: expect.any(Number) },
      event_loop_delay_ms: { p99: expect.any(Number) },
    });
  });

  it('prints a table for a person, with talk on stderr', async () => {
    const io = new FakeIo('/');
    await benchHashCommand(io, GLOBALS, 'js', SHORT);
    expect(io.stdout).toMatch(/^kernel +instruction set +lanes +MH\/s +vs js$/m);
    expect(io.stdout).toMatch(/^js +JavaScript +1 +\d+\.\d{3} +1x$/m);
    expect(io.stderr).toContain('measuring');
  });
});
