import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceProblems } from './device-options.ts';
import { loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const schemas = new Map<string, z.ZodType | null>([['hid', null], ['cpu', z.strictObject({ threads: z.union([z.int().min(1), z.string().regex(/%$/, 'use a number or a percentage')]).optional(), kernel: z.enum(['auto', 'js']).default('auto') })]]);

function problems(yaml: string): string[] {
  const { config, origins } = loadConfig({ file: '/rig.yaml', env: {}, read: { text: () => yaml, list: () => [] } });
  return deviceProblems(config.devices, origins, schemas).map(formatProblem);
}

describe("a driver's own options", () => {
  it('are checked with the place in the file', () => {
    expect(problems('devices:\n  - id: a\n    driver: cpu\n    options:\n      thraeds: 2\n      kernel: aut\n')).toEqual([
      '/rig.yaml:6:7: devices.0.options.kernel: must be one of auto, js (did you mean "auto"?)',
      '/rig.yaml:5:7: devices.0.options.thraeds: unknown key (did you mean "threads"?)',
    ]);
  });

  it('are told apart by type where several are allowed', () => {
    expect(problems('devices: [{id: a, driver: cpu, options: {threads: 0}}]\n')[0]).toContain('options.threads: must be at least 1');
    expect(problems('devices: [{id: a, driver: cpu, options: {threads: half}}]\n')[0]).toContain('options.threads: use a number or a percentage');
    expect(problems('devices: [{id: a, driver: cpu, options: {threads: true}}]\n')[0]).toContain('options.threads: must be a whole number or text, not true or false');
    expect(problems('devices: [{id: a, driver: cpu, options: {threads: 50%}}]\n')).toEqual([]);
  });

  it('are not judged when the driver cannot be loaded on this machine', () => {
    expect(problems('devices: [{id: a, driver: hid, options: {anything: 1}}]\n')).toEqual([]);
  });

  it('may be left out', () => {
    expect(problems('devices: [{id: a, driver: cpu}]\n')).toEqual([]);
  });

  it('cannot be checked for an unknown driver, which is told instead', () => {
    expect(problems('devices:\n  - id: a\n    driver: cpuu\n')).toEqual(['/rig.yaml:3:5: devices.0.driver: there is no such driver (did you mean "cpu"?)']);
  });
});
