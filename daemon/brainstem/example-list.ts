import type { Report } from './blueprint-problems.ts';
import type { BlueprintData } from './blueprint-schema.ts';
import type { Components } from './components.ts';
import type { Level } from './contract.ts';
import { fillText, placeholdersOf } from './placeholders.ts';
import { PERIODS, type Template } from './templates.ts';

/** One file of System_File_Examples. */
export interface Example {
  /** Relative to the examples folder. */
  readonly path: string;
  readonly template: Template;
  readonly level: Level;
}

const LEVEL_FOLDERS: Readonly<Record<Level, string>> = { root: 'Global', year: 'Year', month: 'Month', week: 'Week', day: 'Day', hour: 'Hourly' };
const PLACEHOLDERS = ['component', 'component_id', 'example_slug', 'level', 'level_folder', 'level_prefix', 'period', 'template'];

/** Expands the list of examples for every level and component; what is wrong goes to `report`. */
export function expandExamples(data: BlueprintData['system_example_files']['files'], components: Components, templates: ReadonlyMap<string, Template>, report: Report): Example[] {
  const examples: Example[] = [];
  data.forEach((entry, index) => {
    const at = ['system_example_files', 'files', index];
    const names = [...(entry.template === undefined ? [] : [entry.template]), ...(entry.templates ?? [])];
    if (names.length === 0) report(at, 'template (or templates) is missing');
    for (const text of [entry.path, ...names]) {
      for (const word of placeholdersOf(text)) if (!PLACEHOLDERS.includes(word)) report(at, `unknown placeholder {${word}}`, word, PLACEHOLDERS);
    }
    const perComponent = [entry.path, ...names].some((text) => placeholdersOf(text).some((word) => word.startsWith('component') || word === 'example_slug'));
    for (const name of names) {
      for (const level of entry.levels ?? [null]) {
        for (const component of perComponent ? components.all : [null]) {
          const words = {
            ...(level === null ? {} : { level, period: PERIODS[level], level_folder: LEVEL_FOLDERS[level], level_prefix: LEVEL_FOLDERS[level].toLowerCase() }),
            ...(component === null ? {} : { component: component.folder, component_id: component.id, example_slug: component.exampleSlug }),
          };
          const key = fillText(name, words);
          const template = templates.get(key);
          if (template === undefined) {
            report(at, `there is no template ${key}`, key, templates.keys());
            continue;
          }
          const path = fillText(entry.path, { ...words, template: key });
          if (placeholdersOf(path).length > 0) report([...at, 'path'], `${path} needs levels`);
          if (examples.some((example) => example.path === path)) report([...at, 'path'], `${path} is listed twice`);
          examples.push({ path, template, level: level ?? 'root' });
        }
      }
    }
  });
  return examples;
}
