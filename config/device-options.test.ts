import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceProblems } from './device-options.ts';
import { loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const schemas = new Map<string, z.ZodType>([['cpu', z.strictObject({ threads: z.int().min(1).optional(), kernel: z.enum(['auto', 'js']).default('auto') })]]);

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

  it('may be left out', () => {
    expect(problems('devices: [{id: a, driver: cpu}]\n')).toEqual([]);
  });

  it('cannot be checked for an unknown driver, which is told instead', () => {
    expect(problems('devices:\n  - id: a\n    driver: cpuu\n')).toEqual(['/rig.yaml:3:5: devices.0.driver: there is no such driver (did you mean "cpu"?)']);
  });
});
