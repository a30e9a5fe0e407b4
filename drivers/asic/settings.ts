/** `set` commands: what a person may ask of a board, checked before anything is done. */
import { RigError } from '../../protocol/common/errors.ts';
import type { Capability } from '../contract.ts';
import type { BoardLimits, BoardSettings } from './board.ts';

const UNITS = { frequency_mhz: 'MHz', voltage_v: 'V', fan_percent: '%' } as const;
type Name = keyof typeof UNITS;
const NAMES = Object.keys(UNITS) as Name[];

function refuse(id: string, words: string, hint?: string): never {
  throw new RigError('E_DEVICE_COMMAND', `${id}: ${words}`, { context: { device: id }, ...(hint === undefined ? {} : { hint }) });
}

/**
 * The settings of a `set` command; all of them are checked before one is used. A fan_percent of -1 means automatic.
 * @throws RigError E_DEVICE_COMMAND naming value, range and unit
 */
export function checkSettings(id: string, values: Readonly<Record<string, number>>, capabilities: ReadonlySet<Capability>, limits: BoardLimits): BoardSettings {
  const usable = NAMES.filter((name) => capabilities.has(`set_${name}`) && limits[name] !== null);
  const hint = usable.length > 0 ? `It has ${usable.join(', ')}.` : 'Nothing can be set on it.';
  const settings: { frequency_mhz?: number; voltage_v?: number; fan_percent?: number | null } = {};
  if (Object.keys(values).length === 0) refuse(id, 'nothing to set was named', hint);
  for (const [name, value] of Object.entries(values)) {
    const known = usable.find((other) => other === name);
    if (!known) refuse(id, `has no setting "${name}"`, hint);
    const [min, max] = limits[known]!;
    if (known === 'fan_percent' && value === -1) settings.fan_percent = null;
    else if (!(value >= min && value <= max)) refuse(id, `${known} is between ${min} and ${max} ${UNITS[known]}, not ${value}`);
    else settings[known] = value;
  }
  return settings;
}
