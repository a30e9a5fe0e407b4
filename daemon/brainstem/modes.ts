import { suggest } from '../../config/suggest.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { MODES } from './blueprint-schema.ts';
import type { Mode } from './contract.ts';

/** The other names each mode goes by. */
export type ModeNames = Readonly<Record<Mode, { readonly aliases: readonly string[] }>>;

/** The flat flags, exactly one of which is true. */
export const MODE_FLAGS: readonly { readonly mode: Mode; readonly flag: string }[] = [
  { mode: 'demo', flag: 'demo_mode_flag' },
  { mode: 'test', flag: 'test_mode_flag' },
  { mode: 'staging', flag: 'staging_mode_flag' },
  { mode: 'live', flag: 'production_mode_flag' },
];

/** Name of the flat flag of a mode. */
export function flagOfMode(mode: Mode): string {
  return MODE_FLAGS.find((one) => one.mode === mode)?.flag ?? `${mode}_mode_flag`;
}

/**
 * The mode with this name or alias; case, `-` and `_` do not count.
 * @throws RigError E_MODE_UNKNOWN: a mode is never guessed, because the guess could be live
 */
export function modeNamed(modes: ModeNames, name: string): Mode {
  const wanted = plain(name);
  for (const mode of MODES) if (plain(mode) === wanted || modes[mode].aliases.some((alias) => plain(alias) === wanted)) return mode;
  const near = suggest(name, MODES.flatMap((mode) => [mode, ...modes[mode].aliases]));
  throw new RigError('E_MODE_UNKNOWN', `unknown mode "${name}"${near === null ? '' : ` (did you mean "${near}"?)`}`, { context: { mode: name } });
}

function plain(name: string): string {
  return name.trim().toLowerCase().replace(/[_\s]/g, '-');
}
