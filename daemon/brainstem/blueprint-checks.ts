import type { ConfigPath } from '../../config/origin.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Report } from './blueprint-problems.ts';
import { FILE_TYPES, MODES, type BlueprintData, type FlagDefinition } from './blueprint-schema.ts';
import type { Components } from './components.ts';
import { CPU_CORES, flagKey, rangeOf } from './flags.ts';
import { modeNamed } from './modes.ts';
import { placeholdersDeep, placeholdersOf } from './placeholders.ts';
import { createTimeParts } from './time-parts.ts';

/** Placeholders that may stand in `metadata_by_role`. */
export const METADATA_PLACEHOLDERS = ['file_type', 'component', 'mode', 'level', 'now', 'time_scope', 'scope'];

/** What the shape of the file cannot say, apart from templates, patterns and examples, which check themselves. */
export function checkBlueprint(data: BlueprintData, components: Components, report: Report): void {
  try {
    createTimeParts({ timeZone: data.time_zone, weekNumbering: data.week_numbering });
  } catch (error) {
    report(['time_zone'], messageOf(error));
  }
  checkModes(data, report);
  checkFlags(data, components, report);
  checkFolders(data, report);
  checkCategories(data, report);
  checkHunts(data, report);
  for (const [role, metadata] of Object.entries(data.metadata_by_role)) {
    for (const word of new Set(placeholdersDeep(metadata))) {
      if (!METADATA_PLACEHOLDERS.includes(word)) report(['metadata_by_role', role], `unknown placeholder {${word}}`, word, METADATA_PLACEHOLDERS);
    }
  }
  for (const [name, test] of Object.entries(data.smoke_test_behavior)) checkAppliesTo(test.applies_to, ['smoke_test_behavior', name], components, report);
}

function checkModes(data: BlueprintData, report: Report): void {
  for (const mode of MODES) {
    data.modes[mode].aliases.forEach((alias, index) => {
      const owner = modeNamed(data.modes, alias);
      if (owner !== mode) report(['modes', mode, 'aliases', index], `"${alias}" already names the mode ${owner}`);
    });
    const own = data.modes[mode].base_path;
    const twin = MODES.find((other) => other !== mode && data.modes[other].base_path === own);
    // Staging and live share a folder on purpose; demo and test data must never end up beside real data.
    if (twin !== undefined && (mode === 'demo' || mode === 'test')) report(['modes', mode, 'base_path'], `is also the folder of ${twin}`);
  }
}

function checkFlags(data: BlueprintData, components: Components, report: Report): void {
  const owners = new Map<string, string>();
  for (const [category, flags] of Object.entries(data.flags.categories)) {
    for (const [name, definition] of Object.entries(flags)) {
      const path = ['flags', 'categories', category, name];
      for (const spelling of new Set([name, flagKey(definition.flag)])) {
        if (spelling === '') continue;
        const owner = owners.get(spelling);
        if (owner !== undefined) report(path, `${spelling} is already used by the flag ${owner}`);
        owners.set(spelling, name);
      }
      checkFlag(definition, path, data, report);
      checkAppliesTo(definition.applies_to, path, components, report);
    }
  }
}

function checkFlag(definition: FlagDefinition, path: string[], data: BlueprintData, report: Report): void {
  const { type, choices, default: fallback } = definition;
  if (type === 'choice' && choices === undefined) report(path, 'a flag of type choice needs choices');
  if (type !== 'choice' && choices !== undefined) report([...path, 'choices'], `a flag of type ${type} has no choices`);
  if (type !== 'integer' && definition.validation !== undefined) report([...path, 'validation'], `a flag of type ${type} has no range`);
  const range = rangeOf(definition);
  if (range !== null && range.min > range.max) report([...path, 'validation'], `the lowest value ${range.min} is above the highest ${range.max}`);
  if (fallback !== undefined) {
    const fits = {
      boolean: typeof fallback === 'boolean',
      integer: typeof fallback === 'number' || fallback === CPU_CORES,
      string: typeof fallback === 'string',
      choice: typeof fallback === 'string' && (choices ?? []).includes(fallback),
    }[type];
    if (!fits) report([...path, 'default'], type === 'choice' ? `the default must be one of ${(choices ?? []).join(', ')}` : `the default of a flag of type ${type} cannot be ${String(fallback)}`);
    else if (range !== null && typeof fallback === 'number' && (fallback < range.min || fallback > range.max)) report([...path, 'default'], `the default ${fallback} is outside ${definition.validation}`);
  }
  if (definition.selects_mode === 'value') {
    if (type !== 'choice') report([...path, 'selects_mode'], 'selects_mode: value needs a flag of type choice');
    for (const choice of choices ?? []) {
      try {
        modeNamed(data.modes, choice);
      } catch {
        report([...path, 'choices'], `"${choice}" is not a mode`);
      }
    }
  } else if (definition.selects_mode !== undefined && type !== 'boolean') {
    report([...path, 'selects_mode'], 'a flag that stands for one mode must be boolean');
  }
}

function checkAppliesTo(names: readonly string[], path: ConfigPath, components: Components, report: Report): void {
  names.forEach((name, index) => {
    if (components.find(name) === null) report([...path, 'applies_to', index], `unknown component "${name}"`, name, components.ids);
  });
}

function checkFolders(data: BlueprintData, report: Report): void {
  const { auto_create_structure: folders } = data.folder_management;
  folders.forEach((folder, index) => {
    const at = ['folder_management', 'auto_create_structure', index];
    for (const word of placeholdersOf(folder)) if (word !== 'base') report(at, `unknown placeholder {${word}}; only {base} can stand here`, word, ['base']);
    if (folder.includes('{base}') && folder !== '{base}' && !folder.startsWith('{base}/')) report(at, '{base} must come first');
    if (folder === 'Test' || folder.startsWith('Test/')) report(at, 'folders of a mode start with {base}');
    if (folders.indexOf(folder) !== index) report(at, `${folder} is listed twice`);
  });
}

function checkHunts({ hunts: { folder, name } }: BlueprintData, report: Report): void {
  if (!folder.startsWith('{base}/')) report(['hunts', 'folder'], 'must start with {base}/');
  for (const word of placeholdersOf(folder)) if (word !== 'base') report(['hunts', 'folder'], `unknown placeholder {${word}}; only {base} can stand here`, word, ['base']);
  const known = ['utc', 'short_id'];
  for (const word of placeholdersOf(name)) if (!known.includes(word)) report(['hunts', 'name'], `unknown placeholder {${word}}`, word, known);
  if (!name.includes('{short_id}')) report(['hunts', 'name'], 'must hold {short_id}: two hunts may begin in the same second');
}

function checkCategories(data: BlueprintData, report: Report): void {
  const allowed = ['component', 'component_id', 'type'];
  for (const [name, category] of Object.entries(data.categories)) {
    for (const part of ['folder', 'name'] as const) {
      for (const word of placeholdersOf(category[part])) if (!allowed.includes(word)) report(['categories', name, part], `unknown placeholder {${word}}`, word, allowed);
    }
  }
  for (const type of FILE_TYPES) {
    const holders = Object.entries(data.categories).filter(([, category]) => category.types.includes(type));
    if (holders.length === 0) report(['categories'], `no category has the type ${type}`);
    for (const [name] of holders.slice(1)) report(['categories', name, 'types'], `${type} is already in the category ${holders[0]?.[0] ?? ''}`);
  }
}
