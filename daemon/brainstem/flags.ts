import os from 'node:os';
import { suggest } from '../../config/suggest.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { FlagCategories, FlagDefinition } from './blueprint-schema.ts';
import type { Mode } from './contract.ts';
import { flagOfMode, MODE_FLAGS, modeNamed, type ModeNames } from './modes.ts';

export type FlagValue = boolean | number | string | null;

/** Every flag by its snake_case name, null when it has neither value nor default, and the four `*_mode_flag`. */
export type FlagValues = Readonly<Record<string, FlagValue>>;

/** What a command line needs to know to offer a flag. */
export interface FlagOption {
  /** snake_case name in the resolved values. */
  readonly name: string;
  /** As it is typed: `--miner-id`. */
  readonly flag: string;
  readonly type: FlagDefinition['type'];
  readonly choices: readonly string[] | null;
  /** Inclusive; null when the flag has no range. */
  readonly range: { readonly min: number; readonly max: number } | null;
  readonly default: FlagValue;
  readonly description: string;
  /** Heading it belongs under: `mining_control`. */
  readonly category: string;
}

/** Default that stands for the number of CPU cores. */
export const CPU_CORES = 'cpu_cores';

export interface ResolveOptions {
  /** Names of the modes, for flags whose value is a mode. */
  readonly modes: ModeNames;
  /** Mode in force when no flag selects one. Default: live, as the `production` flag says. */
  readonly mode?: Mode;
  /** Value of the default `cpu_cores`. Default: what the system can run at once. */
  readonly cpuCores?: number;
}

/**
 * Checks flags against their definitions and fills in the defaults.
 * @param given values by name or flag, in snake_case, kebab-case or camelCase, with or without `--`; undefined = not given.
 *   Texts are accepted for booleans and numbers, as a command line or an environment gives them.
 * @throws RigError E_FLAG_INVALID for an unknown flag, a value of the wrong type or out of range, or two flags that
 *   select different modes; E_MODE_UNKNOWN for an unknown mode
 */
export function resolveFlags(definitions: FlagCategories, given: Readonly<Record<string, unknown>>, options: ResolveOptions): FlagValues {
  const all = flagDefinitions(definitions);
  const values: Record<string, FlagValue> = {};
  const chosen = new Map<string, FlagValue>();
  for (const [spelling, raw] of Object.entries(given)) {
    if (raw === undefined) continue;
    const [name, definition] = findFlag(all, spelling);
    chosen.set(name, parseValue(name, definition, raw, options.modes));
  }
  for (const [name, definition] of all) {
    const fallback = definition.default === CPU_CORES && definition.type === 'integer' ? withinRange(definition, options.cpuCores ?? os.availableParallelism()) : definition.default;
    values[name] = chosen.get(name) ?? fallback ?? null;
  }
  const mode = selectedMode(all, chosen, options.modes) ?? options.mode ?? 'live';
  for (const [name, definition] of all) {
    if (definition.selects_mode === undefined) continue;
    if (definition.selects_mode === 'value') values[name] = values[name] === null ? null : choiceOf(definition, mode, options.modes);
    else if (name === definition.selects_mode || definition.selects_mode === 'live') values[name] = definition.selects_mode === mode;
  }
  return { ...values, ...modeFlags(mode) };
}

/** The mode that resolved flags stand for. */
export function modeOfFlags(values: FlagValues): Mode {
  return MODE_FLAGS.find(({ flag }) => values[flag] === true)?.mode ?? 'live';
}

/** The flags of one component (canonical id), in the order of the blueprint, without those that cannot be typed. */
export function flagOptions(definitions: FlagCategories, component: string): FlagOption[] {
  return Object.entries(definitions).flatMap(([category, flags]) =>
    Object.entries(flags)
      .filter(([, definition]) => definition.flag !== '' && definition.applies_to.includes(component))
      .map(([name, definition]) => ({
        name,
        flag: definition.flag,
        type: definition.type,
        choices: definition.choices ?? null,
        range: rangeOf(definition),
        default: definition.default ?? null,
        description: definition.description,
        category,
      })),
  );
}

/** All definitions by name, whatever their category. */
export function flagDefinitions(definitions: FlagCategories): Map<string, FlagDefinition> {
  return new Map(Object.values(definitions).flatMap((flags) => Object.entries(flags)));
}

/** The numbers of `validation: "lowest-highest"`; null when the flag has no range. */
export function rangeOf(definition: Pick<FlagDefinition, 'validation'>): { min: number; max: number } | null {
  if (definition.validation === undefined) return null;
  const [min = NaN, max = NaN] = definition.validation.split('-').map(Number);
  return { min, max };
}

/** One spelling for `--miner-id`, `miner_id` and `minerId`. */
export function flagKey(spelling: string): string {
  return spelling
    .replace(/^--/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

function modeFlags(mode: Mode): Record<string, boolean> {
  return Object.fromEntries(MODE_FLAGS.map((one) => [one.flag, one.flag === flagOfMode(mode)]));
}

function findFlag(all: ReadonlyMap<string, FlagDefinition>, spelling: string): [string, FlagDefinition] {
  const key = flagKey(spelling);
  for (const entry of all) if (entry[0] === key || (entry[1].flag !== '' && flagKey(entry[1].flag) === key)) return entry;
  const near = suggest(key, [...all].flatMap(([name, definition]) => [name, flagKey(definition.flag)]));
  throw new RigError('E_FLAG_INVALID', `unknown flag ${spelling}${near === null ? '' : ` (did you mean "${near}"?)`}`, { context: { flag: spelling } });
}

function parseValue(name: string, definition: FlagDefinition, raw: unknown, modes: ModeNames): FlagValue {
  const wrong = (expected: string): RigError =>
    new RigError('E_FLAG_INVALID', `${definition.flag === '' ? name : definition.flag} must be ${expected}, not ${String(raw)}`, { context: { flag: name, value: raw } });
  switch (definition.type) {
    case 'boolean':
      if (raw === true || raw === 'true') return true;
      if (raw === false || raw === 'false') return false;
      throw wrong('true or false');
    case 'integer': {
      const range = rangeOf(definition);
      const expected = range === null ? 'a whole number' : `a whole number from ${range.min} to ${range.max}`;
      const value = typeof raw === 'string' && /^[+-]?\d+$/.test(raw.trim()) ? Number(raw) : raw;
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong(expected);
      if (range !== null && (value < range.min || value > range.max)) throw wrong(expected);
      return value;
    }
    case 'choice': {
      const choices = definition.choices ?? [];
      if (typeof raw === 'string' && definition.selects_mode === 'value') return choiceOf(definition, modeNamed(modes, raw), modes);
      if (typeof raw === 'string' && choices.includes(raw)) return raw;
      throw wrong(`one of ${choices.join(', ')}`);
    }
    case 'string':
      if (typeof raw === 'string' && raw !== '') return raw;
      if (typeof raw === 'number') return String(raw);
      throw wrong('text');
  }
}

/** The word of `choices` that names the mode: `production` for live. */
function choiceOf(definition: FlagDefinition, mode: Mode, modes: ModeNames): string {
  return (definition.choices ?? []).find((choice) => modeNamed(modes, choice) === mode) ?? mode;
}

/** `--brain-mode` wins over everything; all others must agree. Null when nothing was chosen. */
function selectedMode(all: ReadonlyMap<string, FlagDefinition>, chosen: ReadonlyMap<string, FlagValue>, modes: ModeNames): Mode | null {
  const override = chosen.get('brain_mode');
  if (typeof override === 'string') return modeNamed(modes, override);
  let selected: { mode: Mode; flag: string } | null = null;
  for (const [name, value] of chosen) {
    const definition = all.get(name);
    if (definition?.selects_mode === undefined || value === false || value === null) continue;
    const mode = definition.selects_mode === 'value' ? modeNamed(modes, String(value)) : definition.selects_mode;
    if (selected !== null && selected.mode !== mode) {
      throw new RigError('E_FLAG_INVALID', `${selected.flag} and ${definition.flag || name} select different modes (${selected.mode}, ${mode})`, { hint: 'Give one mode.' });
    }
    selected = { mode, flag: definition.flag || name };
  }
  return selected?.mode ?? null;
}

function withinRange(definition: FlagDefinition, value: number): number {
  const range = rangeOf(definition);
  return range === null ? value : Math.min(range.max, Math.max(range.min, value));
}
