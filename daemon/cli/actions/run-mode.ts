/** Which mode a command line and a configuration mean together. */
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import type { Mode } from '../../brainstem/contract.ts';
import { modeOfFlags, resolveFlags } from '../../brainstem/flags.ts';
import { blueprintFile } from './check-blueprint.ts';

export interface ModeFlags {
  readonly demo?: boolean;
  readonly test?: boolean;
  readonly staging?: boolean;
  readonly mode?: string;
  readonly brainMode?: string;
  /** From the blueprint's `--test-run`. */
  readonly testRun?: boolean;
}

/** @throws RigError E_MODE_UNKNOWN, or E_FLAG_INVALID when two flags select different modes */
export function chooseMode(flags: ModeFlags, configured: Mode): Mode {
  const plain = (['demo', 'test', 'staging'] as const).filter((name) => flags[name] === true);
  const { mode, brainMode: brain_mode, testRun: test_run } = flags;
  // The plain cases need no blueprint, whose reading is most of the time a start takes.
  if (mode === undefined && brain_mode === undefined && test_run !== true && plain.length <= 1) return plain[0] ?? configured;
  const { data } = loadBlueprint(blueprintFile());
  const given = { ...Object.fromEntries(plain.map((name) => [name, true])), mode, brain_mode, test_run };
  return modeOfFlags(resolveFlags(data.flags.categories, given, { modes: data.modes, mode: configured }));
}
