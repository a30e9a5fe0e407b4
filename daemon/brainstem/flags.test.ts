import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { packageRoot } from '../version.ts';
import { loadBlueprint } from './blueprint.ts';
import { flagOptions, modeOfFlags, resolveFlags, type FlagValues } from './flags.ts';
import { modeNamed } from './modes.ts';

const { data } = loadBlueprint(path.join(packageRoot(), 'Brain.QTL'));
const definitions = data.flags.categories;
const resolve = (given: Record<string, unknown>): FlagValues => resolveFlags(definitions, given, { modes: data.modes, cpuCores: 4 });

function codeOf(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return error instanceof RigError ? `${error.code} ${error.message}` : String(error);
  }
  return 'accepted';
}

const modeFlagsOf = (values: FlagValues): string[] => Object.keys(values).filter((name) => name.endsWith('_mode_flag') && values[name] === true);

describe('resolveFlags', () => {
  it('fills in the defaults and leaves the rest unknown', () => {
    const values = resolve({});
    expect(values).toMatchObject({ continuous: 'blocks', daemon_mode: true, max_parallel_daemons: 10, debug: false, mode: 'production', production: true, demo: false });
    expect(values).toMatchObject({ block_count: null, miner_id: null, brain_mode: null, instruction: null });
    expect(Object.keys(values)).toHaveLength(39 + 4);
  });

  it.each([
    [{}, 'production_mode_flag', 'live'],
    [{ demo: true }, 'demo_mode_flag', 'demo'],
    [{ '--test': true }, 'test_mode_flag', 'test'],
    [{ 'test-run': true }, 'test_mode_flag', 'test'],
    [{ staging: 'true' }, 'staging_mode_flag', 'staging'],
    [{ mode: 'sandbox' }, 'staging_mode_flag', 'staging'],
    [{ mode: 'demo', demo: true }, 'demo_mode_flag', 'demo'],
    [{ demo: true, brain_mode: 'test' }, 'test_mode_flag', 'test'],
    [{ demo: false }, 'production_mode_flag', 'live'],
  ])('of %j has exactly one mode flag: %s', (given, flag, mode) => {
    const values = resolve(given);
    expect(modeFlagsOf(values)).toEqual([flag]);
    expect(modeOfFlags(values)).toBe(mode);
  });

  it('keeps the mode flags of the blueprint in step', () => {
    expect(resolve({ 'brain-mode': 'demo' })).toMatchObject({ production: false, demo: true, test: false, mode: 'demo', brain_mode: 'demo' });
    expect(resolve({ testRun: true })).toMatchObject({ test_run: true, test: true, production: false });
  });

  it.each(['max_attempts', '--max_attempts', '--max-attempts', 'max-attempts', 'maxAttempts'])('knows the spelling %s', (spelling) => {
    expect(resolve({ [spelling]: '5000' }).max_attempts).toBe(5000);
  });

  it('knows a flag by its command line spelling too', () => {
    expect(resolve({ '--block': 12, '--day': 3 })).toMatchObject({ block_count: 12, day_count: 3 });
  });

  it('takes the number of CPU cores within the range of the flag', () => {
    expect(resolve({}).max_daemons).toBe(4);
    expect(resolveFlags(definitions, {}, { modes: data.modes, cpuCores: 256 }).max_daemons).toBe(64);
  });

  it('treats undefined as not given', () => {
    expect(resolve({ miner_id: undefined, demo: undefined })).toMatchObject({ miner_id: null, production_mode_flag: true });
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ block_count: 0 }, /^E_FLAG_INVALID --block must be a whole number from 1 to 144, not 0$/],
    [{ block_count: 145 }, /^E_FLAG_INVALID/],
    [{ block_count: '12.5' }, /^E_FLAG_INVALID/],
    [{ 'miner-id': 'one' }, /^E_FLAG_INVALID --miner-id must be a whole number from 1 to 9999, not one$/],
    [{ continuous: 'weeks' }, /^E_FLAG_INVALID --continuous must be one of blocks, day, not weeks$/],
    [{ debug: 'yes' }, /^E_FLAG_INVALID --debug must be true or false, not yes$/],
    [{ demoo: true }, /^E_FLAG_INVALID unknown flag demoo \(did you mean "demo"\?\)$/],
    [{ demo: true, staging: true }, /^E_FLAG_INVALID --demo and --staging select different modes \(demo, staging\)$/],
    [{ mode: 'production', demo: true }, /^E_FLAG_INVALID .* select different modes/],
    [{ mode: 'prod' }, /^E_MODE_UNKNOWN unknown mode "prod"/],
  ])('refuses %j', (given, message) => {
    expect(codeOf(() => resolve(given))).toMatch(message);
  });
});

describe('flagOptions', () => {
  it('lists the flags of one component with what a command line needs', () => {
    const dtm = flagOptions(definitions, 'dtm');
    expect(dtm.map((option) => option.flag)).toEqual(['--demo', '--test', '--test-run', '--staging', '--smoke-test', '--smoke-network', '--debug', '--verbose', '--brain-qtl', '--brain-mode', '--mode']);
    expect(flagOptions(definitions, 'looping').find((option) => option.name === 'block_count')).toEqual({
      name: 'block_count',
      flag: '--block',
      type: 'integer',
      choices: null,
      range: { min: 1, max: 144 },
      default: null,
      description: 'Blocks to mine a day.',
      category: 'mining_control',
    });
  });

  it('leaves out flags that cannot be typed', () => {
    expect(flagOptions(definitions, 'looping').some((option) => option.name === 'production')).toBe(false);
  });
});

describe('modeNamed', () => {
  it.each([
    ['live', 'live'],
    ['production', 'live'],
    ['default', 'live'],
    ['sandbox', 'staging'],
    ['test-mode', 'test'],
    ['Test_Mode', 'test'],
    ['DEMO', 'demo'],
  ])('%s is %s', (name, mode) => {
    expect(modeNamed(data.modes, name)).toBe(mode);
  });

  it('never guesses', () => {
    expect(codeOf(() => modeNamed(data.modes, 'stagin'))).toBe('E_MODE_UNKNOWN unknown mode "stagin" (did you mean "staging"?)');
  });
});
