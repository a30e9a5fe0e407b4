import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findAddon } from '../loader.ts';

const { addon } = findAddon();
const header = Uint8Array.from({ length: 80 }, (_, i) => (i * 37) & 0xff);
const allowed = (): string => /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1] ?? '';

describe.skipIf(!addon)('measure', () => {
  if (!addon) return;
  const here = addon.kernels().filter((kernel) => (kernel.features & ~addon.cpuFeatures()) === 0);
  const forms = here.flatMap(({ name, midstates }) => [...new Set([1, midstates])].map((versions) => ({ name, versions })));

  it.each(forms)('counts what $name hashes under $versions version(s), every hash of it right', ({ name, versions }) => {
    const rolled = Uint32Array.from({ length: versions }, (_, i) => 0x20000000 | (i << 13));
    // Every hash is a candidate, so plain C has looked at each.
    const all = addon.measure(name, header, rolled, 0, 5);
    expect(all.candidates).toBe(all.hashes);
    expect(all.hashes).toBeGreaterThan(0);
    expect(all.hashes % versions).toBe(0);
    expect(all.wallNs).toBeGreaterThanOrEqual(5e6);
    expect(all.cpuNs).toBeGreaterThan(0);
    expect(all.cpuNs).toBeLessThan(all.wallNs * 1.01 + 1e5);
    // One in 256: the same under many versions, where wrong ones would not have these bits.
    const some = addon.measure(name, header, rolled, 0xff, 20);
    expect(some.wrong).toBe(0);
    const deviations = Math.abs(some.candidates - some.hashes / 256) / Math.sqrt(some.hashes / 256);
    expect(deviations).toBeLessThan(6);
  });

  it('checks its arguments', () => {
    const versions = Uint32Array.of(1);
    expect(() => addon.measure('none', header, versions, 0, 1)).toThrow(/no such kernel/);
    expect(() => addon.measure('scalar', header.subarray(1), versions, 0, 1)).toThrow(/80 bytes/);
    expect(() => addon.measure('scalar', header, new Uint32Array(0), 0, 1)).toThrow(/versions/);
    expect(() => addon.measure('scalar', header, versions, -1, 1)).toThrow(/mask/);
    expect(() => addon.measure('scalar', header, versions, 0, 0)).toThrow(/ms must be above 0/);
    expect(() => addon.measure('scalar', header, versions, 0, NaN)).toThrow(/ms must be above 0/);
    expect(() => addon.pinThread(-2)).toThrow(/number of a CPU/);
  });

  it.skipIf(process.platform !== 'linux')('binds this thread to one CPU and gives it back', () => {
    const before = allowed();
    try {
      const cpu = addon.pinThread(-1);
      expect(cpu).toBeGreaterThanOrEqual(0);
      expect(allowed()).toBe(String(cpu));
      expect(addon.pinThread(cpu)).toBe(cpu);
      expect(addon.pinThread(1000000)).toBe(-1);
    } finally {
      addon.unpinThread();
    }
    expect(allowed()).toBe(before);
  });

  it.skipIf(process.arch !== 'x64')('knows the clock of the processor', () => {
    expect(addon.clockHertz()).toBeGreaterThan(0.3e9);
    expect(addon.clockHertz()).toBeLessThan(8e9);
  });
});
