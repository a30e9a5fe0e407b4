import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseKernel, prepareKernels } from './choice.ts';
import type { Kernel, Scanner } from './engine.ts';
import { createHasher } from './hasher.ts';
import { easyTarget, GENESIS, GENESIS_NONCE, kernelsHere, searchAll } from './kernels.fixture.ts';
import type { NativeKernels } from './loader.ts';
import { selfTest } from './self-test.ts';
import { jsKernel } from './workers/kernels.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'rb-choice-'));
afterAll(() => rmSync(folder, { recursive: true }));
let serial = 0;
const fresh = (): string => path.join(folder, `${serial++}`, 'kernels.json');

/** A kernel whose scanners are changed. */
const changed = (kernel: Kernel, change: (good: Scanner) => Partial<Scanner>): Kernel => ({
  ...kernel,
  scanner: () => {
    const good = kernel.scanner();
    return { ...good, ...change(good) };
  },
});

/** A scanner whose pairs (offset, index of the version) go through a filter that may move or drop them. */
function withPairs(edit: (pair: { offset: number; index: number }, call: { count: number; versions: number }) => { offset: number; index: number } | null) {
  return (good: Scanner): Partial<Scanner> => {
    let versions = 0;
    return {
      prepare(header, list) {
        versions = list.length;
        good.prepare(header, list);
      },
      scan(first, count, mask, out) {
        const found = good.scan(first, count, mask, out);
        const kept: number[] = [];
        for (let i = 0; i < found; i++) {
          const pair = edit({ offset: out[2 * i] as number, index: out[2 * i + 1] as number }, { count, versions });
          if (pair) kept.push(pair.offset, pair.index);
        }
        out.set(kept.slice(0, out.length));
        return kept.length / 2;
      },
    };
  };
}

/** What a kernel could do wrong and still look right most of the time. */
const DEFECTS: Record<string, (good: Scanner) => Partial<Scanner>> = {
  'loses the last version of a full group': (good) => withPairs((pair, { versions }) => (versions === good.info.versions && pair.index === versions - 1 ? null : pair))(good),
  'loses the last version of an odd group': withPairs((pair, { versions }) => (versions === 3 && pair.index === 2 ? null : pair)),
  'mistakes one version for another': withPairs((pair, { versions }) => (versions > 1 && pair.index < 2 ? { ...pair, index: 1 - pair.index } : pair)),
  'names the lane beside the right one': withPairs((pair) => ({ ...pair, offset: pair.offset ^ 1 })),
  'is deaf in its last lane': (good) => withPairs((pair) => ((pair.offset + 1) % Math.max(2, good.info.lanes) === 0 ? null : pair))(good),
  'forgets the last vector of a unit': (good) => withPairs((pair, { count }) => (count >= good.rolledNonces && pair.offset === count - 1 ? null : pair))(good),
  'hashes one slot under another version': (good) => ({ prepare: (header, versions) => good.prepare(header, Array.from(versions, (version, i) => (i === 4 ? version ^ 0x2000 : version))) }),
  'does not wrap at 2^32': (good) => ({ scan: (first, count, mask, out) => good.scan(first, Math.min(count, 2 ** 32 - (first >>> 0)), mask, out) }),
  'looks at fewer bits than asked': (good) => ({ scan: (first, count, mask, out) => good.scan(first, count, (mask & ~0x200) >>> 0, out) }),
  'looks at more bits than asked': (good) => ({ scan: (first, count, mask, out) => good.scan(first, count, (mask | 1) >>> 0, out) }),
};

const rolling = kernelsHere().filter((kernel) => kernel.info.versions >= 5);

describe.each(rolling.map((kernel) => ({ name: kernel.info.kernel, kernel })))('self-test of $name', ({ kernel }) => {
  it('passes it as it is', () => expect(selfTest(kernel.scanner())).toBeNull());

  it.each(Object.keys(DEFECTS))('fails it when it %s', (name) => {
    expect(selfTest(changed(kernel, DEFECTS[name] as (good: Scanner) => Partial<Scanner>).scanner())).toMatch(/./);
  });
});

/** Kernels with these names and costs a hash, in the nanoseconds of a clock that only they move. Underneath they are JavaScript. */
function fakeNative(costs: Readonly<Record<string, { readonly plain: number; readonly rolled: number }>>, more: Partial<NativeKernels> = {}) {
  let now = 0;
  let measured = 0;
  const js = jsKernel();
  const kernels = Object.entries(costs).map(([name, cost]): Kernel => {
    const slow = changed(js, (good) => {
      let versions = 1;
      return {
        prepare(header, list) {
          versions = list.length;
          good.prepare(header, list);
        },
        scan(first, count, mask, out) {
          now += 20_000 + count * versions * (versions > 1 ? cost.rolled : cost.plain);
          // Only the measurement asks for as much at once; its result is of no interest.
          if (count * versions <= 1024) return good.scan(first, count, mask, out);
          measured++;
          return 0;
        },
      };
    });
    return { ...slow, info: { ...js.info, kernel: name } };
  });
  const native: NativeKernels = { kernels, from: 'a test', build: `test ${serial++}`, features: 7, problems: [], threadCpuNs: () => now, ...more };
  return { native, measured: () => measured };
}

const COSTS = { wide: { plain: 20, rolled: 18 }, mixed: { plain: 22, rolled: 14 }, narrow: { plain: 90, rolled: 80 } };

describe('chooseKernel', () => {
  it('takes the fastest for plain jobs and the fastest for rolled ones, whatever their order', () => {
    for (const costs of [COSTS, Object.fromEntries(Object.entries(COSTS).reverse())]) {
      const chosen = chooseKernel({ native: fakeNative(costs).native });
      expect([chosen.kernel.info.kernel, chosen.rolled.info.kernel]).toEqual(['wide', 'mixed']);
      // What a call costs by itself is not counted, so the rates are exact.
      expect(chosen.rates?.mixed).toEqual({ plain: Math.round(1e9 / 22), rolled: Math.round(1e9 / 14) });
    }
  });

  it('takes a named kernel for both, measures nothing for it, and the best of the hybrids for "hybrid"', () => {
    const { native, measured } = fakeNative({ ...COSTS, 'hybrid-a': { plain: 40, rolled: 30 }, 'hybrid-b': { plain: 50, rolled: 25 } });
    const one = chooseKernel({ native, kernel: 'narrow' });
    expect([one.kernel.info.kernel, one.rolled.info.kernel, one.rates]).toEqual(['narrow', 'narrow', null]);
    expect(measured()).toBe(0);
    const hybrid = chooseKernel({ native, kernel: 'hybrid' });
    expect([hybrid.kernel.info.kernel, hybrid.rolled.info.kernel]).toEqual(['hybrid-a', 'hybrid-b']);
    expect(chooseKernel({ native, kernel: 'native' }).kernel.info.kernel).toBe('wide');
  });

  it('says which kernels there are when the one asked for cannot run', () => {
    const { native } = fakeNative(COSTS, { problems: ['avx512: this processor has no AVX-512'] });
    expect(() => chooseKernel({ native, kernel: 'avx512' })).toThrow(
      expect.objectContaining({ code: 'E_HASHER_UNAVAILABLE', message: expect.stringMatching(/this processor has no AVX-512; these can: wide, mixed, narrow.*js$/) }),
    );
    expect(() => chooseKernel({ native, kernel: 'sse9' })).toThrow(expect.objectContaining({ message: expect.stringContaining('no hash kernel "sse9"'), hint: expect.stringContaining('avx512, shani') }));
  });

  it('passes over a kernel that hashes wrongly, although it is the fastest, and says so', async () => {
    const { native } = fakeNative(COSTS);
    const broken = native.kernels.map((kernel) => (kernel.info.kernel === 'mixed' ? changed(kernel, DEFECTS['loses the last version of a full group'] as (good: Scanner) => Partial<Scanner>) : kernel));
    const set = { ...native, kernels: broken, build: `test ${serial++}` };
    const chosen = chooseKernel({ native: set });
    expect([chosen.kernel.info.kernel, chosen.rolled.info.kernel]).toEqual(['wide', 'wide']);
    expect(chosen.failed).toEqual([expect.stringMatching(/^mixed: failed its self-test \(.*8 versions at once\)$/)]);
    expect(() => chooseKernel({ native: set, kernel: 'mixed' })).toThrow(/"mixed" cannot run here: mixed: failed its self-test/);

    const errors: object[] = [];
    const log = { trace() {}, debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields), child: () => log };
    const hasher = createHasher({ native: set, threads: 1, nice: 0, log });
    try {
      expect(errors).toEqual([{ code: 'E_HASHER_SELF_TEST', problems: chosen.failed }]);
      expect(hasher.info).toMatchObject({ kernel: 'wide', rolled: { kernel: 'wide' }, failed: chosen.failed });
      const hits = await searchAll(hasher, { id: 1, header: GENESIS, versionMask: 0x2000, target: easyTarget(32), nonceFrom: GENESIS_NONCE - 50, nonceTo: GENESIS_NONCE });
      expect(hits).toMatchObject([{ nonce: GENESIS_NONCE, version: 1 }]);
    } finally {
      await hasher.stop();
    }
  });

  it('falls back to WASM or JavaScript when every native kernel hashes wrongly', () => {
    const { native } = fakeNative(COSTS);
    const kernels = native.kernels.map((kernel) => changed(kernel, DEFECTS['names the lane beside the right one'] as (good: Scanner) => Partial<Scanner>));
    const chosen = chooseKernel({ native: { ...native, kernels, build: `test ${serial++}` } });
    expect(chosen.kernel.info.source).not.toBe('native');
    expect(['wasm-simd', 'js']).toContain(chosen.kernel.info.kernel);
    expect(chosen.failed).toHaveLength(3);
  });

  it('survives clocks that stand still or jump', () => {
    for (const clock of [() => 0, () => Math.random() * 1e9]) {
      const chosen = chooseKernel({ native: { ...fakeNative(COSTS).native, threadCpuNs: clock } });
      expect(Object.keys(COSTS)).toContain(chosen.rolled.info.kernel);
    }
  });

  it('is not misled by a moment in which something else had the processor', () => {
    // Call by call of the clock: each slice asks three times. The small call of narrow or wide is slow now and then, or the first slice of mixed.
    const { native } = fakeNative(COSTS);
    const disturbed = (name: string, late: (nonces: number, nth: number) => number): Kernel[] =>
      native.kernels.map((kernel) =>
        kernel.info.kernel === name
          ? changed(kernel, (good) => {
              const seen = new Map<number, number>();
              return {
                scan(first, count, mask, out) {
                  const nth = (seen.get(count) ?? 0) + 1;
                  seen.set(count, nth);
                  extra += late(count, nth);
                  return good.scan(first, count, mask, out);
                },
              };
            })
          : kernel,
      );
    let extra = 0;
    const choose = (kernels: readonly Kernel[]): string[] => {
      const { kernel, rolled } = chooseKernel({ native: { ...native, kernels, threadCpuNs: () => native.threadCpuNs() + extra, build: `test ${serial++}` } });
      return [kernel.info.kernel, rolled.info.kernel];
    };
    expect(choose(disturbed('narrow', (nonces, nth) => (nonces === 0 && nth === 2 ? 600_000 : 0)))).toEqual(['wide', 'mixed']);
    expect(choose(disturbed('wide', (nonces, nth) => (nonces === 0 && nth > 2 && nth % 2 ? 300_000 : 0)))).toEqual(['wide', 'mixed']);
    expect(choose(disturbed('mixed', (nonces, nth) => (nonces >= 1024 && nth === 1 ? 5_000_000 : 0)))).toEqual(['wide', 'mixed']);
  });

  it('tests and measures only once in a process', () => {
    const { native, measured } = fakeNative(COSTS);
    chooseKernel({ native });
    const before = measured();
    expect(before).toBeGreaterThan(10);
    chooseKernel({ native });
    expect(measured()).toBe(before);
  });

  it('lets the event loop go on between slices when asked to prepare', async () => {
    const { native, measured } = fakeNative(COSTS);
    let turns = 0;
    let running = true;
    const count = (): void => void (turns++, running && setImmediate(count));
    setImmediate(count);
    await prepareKernels({ native });
    running = false;
    expect(turns).toBeGreaterThanOrEqual(measured() - 1);
    const before = measured();
    expect(chooseKernel({ native }).rolled.info.kernel).toBe('mixed');
    expect(measured()).toBe(before);
  });
});

describe('the file with measured rates', () => {
  /** The same kernels and build in what could be another process: a file of another name is not known yet. */
  function another(file: string, edit: (text: string) => string = (text) => text): string {
    const copy = path.join(path.dirname(file), `${serial++}.json`);
    writeFileSync(copy, edit(readFileSync(file, 'utf8')));
    return copy;
  }
  const read = (file: string): { format: number; measurements: { cpu: string; build: string; kernels: Record<string, { plain_hs: number; rolled_hs: number }> }[] } => JSON.parse(readFileSync(file, 'utf8'));

  it('spares the measurement, and decides', () => {
    const { native, measured } = fakeNative(COSTS);
    const file = fresh();
    chooseKernel({ native, cacheFile: file });
    expect(read(file).measurements[0]?.kernels.mixed).toEqual({ plain_hs: Math.round(1e9 / 22), rolled_hs: Math.round(1e9 / 14) });
    const before = measured();
    // As if narrow had been the fastest when it was written.
    const copy = another(file, (text) => text.replace(String(Math.round(1e9 / 90)), '999999999'));
    const chosen = chooseKernel({ native, cacheFile: copy });
    expect([chosen.kernel.info.kernel, chosen.rolled.info.kernel, chosen.warnings]).toEqual(['narrow', 'mixed', []]);
    expect(measured()).toBe(before);
  });

  it('is made better by two later starts, for the first may have met a busy machine', () => {
    const { native, measured } = fakeNative(COSTS);
    const file = fresh();
    chooseKernel({ native, cacheFile: file });
    const aged = (from: string, edit: (text: string) => string = (text) => text): string => another(from, (text) => edit(text).replace(/"measured_at": "[^"]*"/, '"measured_at": "2026-01-01T00:00:00.000Z"'));
    // As if mixed had been disturbed all the time, and narrow had once been seen faster than it is now.
    const slow = String(Math.round(1e9 / 14));
    const second = aged(file, (text) => text.replace(slow, '1000').replace(String(Math.round(1e9 / 80)), '13000000'));
    expect(chooseKernel({ native, cacheFile: second }).rolled.info.kernel).toBe('mixed');
    expect(read(second).measurements).toMatchObject([{ times: 2, kernels: { mixed: { rolled_hs: Number(slow) }, narrow: { rolled_hs: 13000000 } } }]);
    const third = aged(second);
    chooseKernel({ native, cacheFile: third });
    expect(read(third).measurements).toMatchObject([{ times: 3 }]);
    const before = measured();
    chooseKernel({ native, cacheFile: aged(third) });
    // Nor at a start soon after the first.
    chooseKernel({ native, cacheFile: another(file) });
    expect(measured()).toBe(before);
  });

  it.each(['cpu', 'build', 'kernels'])('does not count for another %s', (what) => {
    const { native, measured } = fakeNative(COSTS);
    const file = fresh();
    chooseKernel({ native, cacheFile: file });
    const before = measured();
    const written = read(file).measurements[0];
    const copy = another(file, (text) => (what === 'kernels' ? text.replace('"wide"', '"older"') : text.replace(JSON.stringify(what === 'cpu' ? written?.cpu : written?.build), '"another"')));
    expect(chooseKernel({ native, cacheFile: copy }).kernel.info.kernel).toBe('wide');
    expect(measured()).toBeGreaterThan(before);
    // What holds for another processor or build is kept beside the new; what was incomplete is replaced.
    expect(read(copy).measurements.map((entry) => (what === 'kernels' ? Object.keys(entry.kernels) : entry[what as 'cpu' | 'build']))).toEqual(
      what === 'kernels' ? [['wide', 'mixed', 'narrow']] : ['another', written?.[what as 'cpu' | 'build']],
    );
  });

  it.each(['', '{', '[]', '{"format":2,"measurements":[]}', '{"format":1,"measurements":[{"cpu":1}]}', '{"format":1,"measurements":[{"cpu":"a","features":1,"build":"b","kernels":{"wide":{"plain_hs":-1,"rolled_hs":null}}}]}', `"${'x'.repeat(300_000)}"`])(
    'is made anew when it is damaged, which is told once (%.30s)',
    (text) => {
      const { native } = fakeNative(COSTS);
      const file = fresh();
      chooseKernel({ native, cacheFile: file });
      const damaged = another(file, () => text);
      const chosen = chooseKernel({ native, cacheFile: damaged });
      expect(chosen.kernel.info.kernel).toBe('wide');
      expect(chosen.warnings).toEqual([expect.stringMatching(/kernel measurements in .* cannot be used and are made anew/)]);
      expect(chooseKernel({ native, cacheFile: damaged }).warnings).toEqual([]);
      expect(read(damaged).measurements).toHaveLength(1);
    },
  );

  it.skipIf(process.platform === 'win32')('is made anew when there is a pipe in its place, which is not waited for', () => {
    const file = path.join(folder, `${serial++}.json`);
    execFileSync('mkfifo', [file]);
    // Whoever opens the pipe, for reading the file or before writing it, gets this and goes on: the test ends either way.
    const writer = spawn('sh', ['-c', 'for i in 1 2 3 4; do printf {} > "$1"; done', 'sh', file], { stdio: 'ignore' });
    try {
      const { warnings } = chooseKernel({ native: fakeNative(COSTS).native, cacheFile: file });
      expect(warnings).toEqual([expect.stringMatching(/cannot be used and are made anew: it is not a file$/)]);
      expect(read(file).measurements).toHaveLength(1);
    } finally {
      writer.kill();
    }
  });

  it.each(['below a file', 'on a file system that makes no folders'])('may be where nothing can be written (%s), which is told once', async (where) => {
    const { native } = fakeNative(COSTS);
    const notAFolder = path.join(folder, 'file');
    writeFileSync(notAFolder, '');
    const file = path.join(where === 'below a file' ? notAFolder : '/proc/none/cache', 'kernels.json');
    await prepareKernels({ native, cacheFile: file });
    const chosen = chooseKernel({ native, cacheFile: file });
    expect(chosen.rolled.info.kernel).toBe('mixed');
    expect(chosen.warnings.at(-1)).toMatch(/cannot be kept in .*kernels.json, every start takes 50 ms longer/);
    expect(chooseKernel({ native, cacheFile: file }).warnings).toEqual([]);
  });

  it('never grows without bound and leaves nothing else behind', () => {
    const file = fresh();
    const { wide, mixed } = COSTS;
    for (let i = 0; i < 18; i++) chooseKernel({ native: fakeNative({ wide, mixed }).native, cacheFile: file });
    expect(read(file).measurements).toHaveLength(16);
    expect(existsSync(`${file}.${process.pid}.tmp`)).toBe(false);
  });
});
