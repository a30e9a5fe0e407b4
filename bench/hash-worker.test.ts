import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { jsKernel } from '../kernels/workers/kernels.ts';
import { chooseForm, hashWorker, type Chosen } from './hash-worker.ts';

async function worker(chosen: Chosen, input: string): Promise<{ good: boolean; out: string[]; err: string[] }> {
  const stream = new PassThrough();
  const [out, err]: [string[], string[]] = [[], []];
  stream.end(input);
  const good = await hashWorker(chosen, { input: stream, out: (line) => void out.push(line), err: (line) => void err.push(line) });
  return { good, out, err };
}

const js = (versions: number): Chosen => ({ kernel: 'js', form: { scanner: jsKernel().scanner(), versions } });

describe('hashWorker', () => {
  it('finds a known nonce, then hashes for each line until Q', async () => {
    const { good, out, err } = await worker(js(1), 'S 30\n\nS 10.5\r\nQ\nS 10\n');
    expect(good).toBe(true);
    expect(out[0]).toBe('READY js check=OK');
    expect(out).toHaveLength(3);
    const [hashes, wall, cpu] = (out[1] as string).split(' ').map(Number) as [number, number, number];
    expect(out[1]).toMatch(/^\d+ \d+\.\d+ \d+\.\d+$/);
    expect(hashes).toBeGreaterThan(100);
    expect(wall).toBeGreaterThanOrEqual(0.03);
    expect(cpu).toBeGreaterThan(0);
    expect(err).toEqual(['rigbrain: hashing with js:1, plain']);
  });

  it('tells a line it cannot read and goes on, until the input ends', async () => {
    const bad = ['S', 'S x', 'S -5', 'S 1e9', 'S 99999999', 'S 1 2', 'q', 'Q now', 'HELLO'];
    const { good, out, err } = await worker(js(2), `${bad.join('\n')}\nS 5`);
    expect(good).toBe(true);
    expect(out).toHaveLength(2);
    expect(err[0]).toBe('rigbrain: hashing with js:2, 2 versions in a call');
    expect(err.slice(1)).toHaveLength(bad.length);
    expect(err[2]).toBe('rigbrain: cannot read "S x": send "S <ms>" with milliseconds from 0 to 3600000, or "Q"');
  });

  it('answers a slice of no time with one as short as can be: a harness waits for a line', async () => {
    for (const chosen of [js(1), chooseForm('auto', true)]) {
      const { out } = await worker(chosen, 'S 0\nS 0.0\n');
      expect(out.slice(1)).toEqual([expect.stringMatching(/^[1-9]\d* 0\.\d+ 0\.\d+$/), expect.stringMatching(/^[1-9]\d* 0\.\d+ 0\.\d+$/)]);
    }
  });

  it('does not hash with a kernel that gives a wrong answer', async () => {
    const scanner = { ...jsKernel().scanner(), scan: () => 0 };
    const { good, out, err } = await worker({ kernel: 'js', form: { scanner, versions: 1 } }, 'S 5\n');
    expect([good, out]).toEqual([false, ['READY js check=FAILED']]);
    expect(err).toEqual(['rigbrain: js: the nonce of block 0 was not found as version 1 of 1']);
    const failed = await worker({ kernel: 'avx9', wrong: 'failed its self-test (lane 3)' }, 'S 5\n');
    expect([failed.good, failed.out, failed.err]).toEqual([false, ['READY avx9 check=FAILED'], ['rigbrain: avx9: failed its self-test (lane 3)']]);
  });
});

describe('chooseForm', () => {
  const versionsOf = (chosen: Chosen): number => ('form' in chosen ? chosen.form.versions : NaN);

  it('is the most versions the kernel has, unless told otherwise', () => {
    const most = jsKernel().info.versions;
    expect(versionsOf(chooseForm('js', true))).toBe(most);
    expect(versionsOf(chooseForm('js:1', true))).toBe(1);
    expect(versionsOf(chooseForm('js', false))).toBe(1);
    expect(versionsOf(chooseForm('js:1', false))).toBe(1);
    // The name it was asked for by, unless that is no kernel's.
    expect(chooseForm('wasm', true).kernel).toBe('wasm');
    expect(chooseForm('auto', true)).toMatchObject({ kernel: expect.not.stringMatching('auto'), form: {} });
  });

  it('says what is wrong with a name', () => {
    expect(() => chooseForm('js:9999', true)).toThrow(/js cannot take 9999 versions in a call/);
    expect(() => chooseForm('js:0', true)).toThrow(/js cannot take 0 versions/);
    expect(() => chooseForm('js:x', true)).toThrow(/"js:x" is not the name of a kernel/);
    expect(() => chooseForm('js:1:2', true)).toThrow(/is not the name of a kernel/);
    expect(() => chooseForm('js:2', false)).toThrow(/"js:2" and --no-version-rolling contradict each other/);
    expect(() => chooseForm('sse9', true)).toThrow(/there is no hash kernel "sse9"/);
  });
});
