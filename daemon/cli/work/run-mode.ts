/** Which mode a command line and a configuration mean together. */
import { RigError } from '../../../protocol/common/errors.ts';
import type { Mode } from '../../brainstem/contract.ts';

/** Other words in use for the four modes. */
const MODES: Readonly<Record<string, Mode>> = {
  demo: 'demo',
  test: 'test',
  'test-mode': 'test',
  staging: 'staging',
  sandbox: 'staging',
  live: 'live',
  production: 'live',
};

export interface ModeFlags {
  readonly demo?: boolean;
  readonly test?: boolean;
  readonly staging?: boolean;
  readonly mode?: string;
  readonly brainMode?: string;
}

/** @throws RigError E_MODE_UNKNOWN, or E_FLAG_INVALID when two flags name different modes */
export function chooseMode(flags: ModeFlags, configured: Mode): Mode {
  const asked: [flag: string, mode: Mode][] = [];
  for (const name of ['demo', 'test', 'staging'] as const) if (flags[name] === true) asked.push([`--${name}`, name]);
  if (flags.mode !== undefined) asked.push(['--mode', modeOf(flags.mode)]);
  if (flags.brainMode !== undefined) asked.push(['--brain-mode', modeOf(flags.brainMode)]);
  const [first, ...others] = asked;
  if (first === undefined) return configured;
  const other = others.find(([, mode]) => mode !== first[1]);
  if (other !== undefined) throw new RigError('E_FLAG_INVALID', `${first[0]} asks for ${first[1]} mode and ${other[0]} for ${other[1]} mode`, { hint: 'Give one of them.' });
  return first[1];
}

function modeOf(word: string): Mode {
  const mode = MODES[word.toLowerCase()];
  if (mode === undefined) throw new RigError('E_MODE_UNKNOWN', `there is no mode "${word}"`, { context: { mode: word } });
  return mode;
}
