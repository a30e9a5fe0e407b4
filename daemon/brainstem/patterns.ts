import type { BucketParts } from './bucket.ts';
import type { FileType, Level, ViewRole, ViewTarget } from './contract.ts';
import type { Report } from './blueprint-problems.ts';
import { FILE_TYPES, type BlueprintData, type PatternData } from './blueprint-schema.ts';
import type { Component, Components } from './components.ts';
import { fillText, placeholdersOf } from './placeholders.ts';
import type { Template } from './templates.ts';
import { scopeBegins, scopeOf } from './time-parts.ts';

/** One file of one pattern, for one type and component: only the time is still open. */
export interface View {
  /** Relative to the base folder, with time placeholders. */
  readonly path: string;
  readonly role: ViewRole;
  readonly level: Level;
  readonly template: string;
  readonly arrayKey: string | null;
  readonly entryFields: readonly string[] | null;
}

const TIME_PLACEHOLDERS = ['YYYY', 'MM', 'WW', 'DD', 'HH'] as const;
const FIXED_PLACEHOLDERS = ['base', 'category', 'category_name', 'type', 'component', 'component_id'];
const PATTERN_PLACEHOLDERS = [...TIME_PLACEHOLDERS, ...FIXED_PLACEHOLDERS];

/** What each time placeholder needs before it, so that two periods never share a file. */
const NEEDS: Readonly<Record<string, string>> = { MM: 'YYYY', WW: 'YYYY', DD: 'MM', HH: 'DD' };

/** Period files first, then the global one, then the roll-ups. */
const ROLE_ORDER: Readonly<Record<ViewRole, number>> = { period: 0, global: 1, aggregated: 2, aggregated_global: 2, index: 2, index_global: 2 };

/** All files of the pattern levels, by type and component. */
export class Patterns {
  readonly #views = new Map<string, readonly View[]>();

  constructor(data: BlueprintData, components: Components, templates: ReadonlyMap<string, Template>, report: Report) {
    for (const [name, pattern] of Object.entries(data.pattern_levels)) checkPattern(name, pattern, report);
    const used = new Set<string>();
    const templateOf = new Map<string, string>();
    for (const type of FILE_TYPES) {
      for (const component of components.all) {
        const views = compile(data, type, component, templates, report, used, templateOf);
        this.#views.set(`${type}/${component.id}`, views.sort((a, b) => ROLE_ORDER[a.role] - ROLE_ORDER[b.role]));
      }
    }
    for (const [name, pattern] of Object.entries(data.pattern_levels)) {
      for (const { file, path } of filesOf(name, pattern)) {
        if (used.has(path.join('/'))) continue;
        const names = [...templates.values()].map((template) => template.file);
        report(path, `no template has the file name ${file}; name one with template`, file, names);
      }
    }
  }

  /** The files an entry goes to, in the order they are to be written. */
  views(type: FileType, component: Component): readonly View[] {
    return this.#views.get(`${type}/${component.id}`) ?? [];
  }
}

/** Fills in the time. */
export function viewTarget(view: View, parts: BucketParts): ViewTarget {
  const beside = view.role === 'global' || view.role === 'aggregated_global' || view.role === 'index_global';
  return {
    path: fillText(view.path, { YYYY: parts.YYYY, MM: parts.MM, WW: parts.WW, DD: parts.DD, HH: parts.HH }),
    role: view.role,
    level: view.level,
    scope: beside && view.level === 'root' ? 'global' : scopeOf(view.level, parts),
    begins: scopeBegins(view.level, parts),
    template: view.template,
    arrayKey: view.arrayKey,
    entryFields: view.entryFields,
  };
}

function compile(data: BlueprintData, type: FileType, component: Component, templates: ReadonlyMap<string, Template>, report: Report, used: Set<string>, templateOf: Map<string, string>): View[] {
  const words = wordsFor(data, type, component, report);
  const views: View[] = [];
  for (const [name, pattern] of Object.entries(data.pattern_levels)) {
    if (pattern.types !== undefined && !pattern.types.includes(type)) continue;
    for (const item of filesOf(name, pattern)) {
      const key = item.path.join('/');
      const template = templateFor(item, words, templates);
      if (template === 'unknown') {
        const wanted = fillText(item.template ?? '', words);
        report(item.path, `there is no template ${wanted}`, wanted, templates.keys());
        used.add(key);
        continue;
      }
      if (template === null) continue;
      used.add(key);
      if (!serves(template, type, component)) {
        // A pattern that spells its types out must mean them; without types a template picks its own.
        if (pattern.types !== undefined && !template.types.includes(type)) report(item.path, `the template ${template.key} is not for entries of type ${type}`);
        continue;
      }
      const path = [fillText(pattern.pattern ?? pattern.path ?? '', words), fillText(item.file, words)].join('/').replace(/^\{base\}\/?/, '');
      const twin = views.find((view) => view.path === path);
      if (twin !== undefined) report(item.path, `a second pattern writes ${type} entries to ${path}`);
      const other = templateOf.get(path) ?? template.key;
      if (other !== template.key) report(item.path, `${path} would have two templates, ${other} and ${template.key}`);
      templateOf.set(path, template.key);
      views.push({ path, role: template.role ?? 'period', level: levelOf(path), template: template.key, arrayKey: template.array, entryFields: template.entryFields });
    }
  }
  return views;
}

interface PatternFile {
  readonly file: string;
  readonly template: string | null;
  readonly path: (string | number)[];
}

/** The files of a pattern, whichever of `file` and `files` they stand under. */
function filesOf(name: string, pattern: PatternData): PatternFile[] {
  const path = ['pattern_levels', name];
  const listed = [
    ...(pattern.file === undefined ? [] : [{ item: pattern.file, path: [...path, 'file'] }]),
    ...(pattern.files ?? []).map((item, index) => ({ item, path: [...path, 'files', index] })),
  ];
  return listed.map(({ item, path: at }) =>
    typeof item === 'string' ? { file: item, template: pattern.template ?? null, path: at } : { file: item.file, template: item.template, path: at },
  );
}

/** The template of a file; null when none has its name; `unknown` when a template is named that does not exist. */
function templateFor(item: PatternFile, words: Record<string, string>, templates: ReadonlyMap<string, Template>): Template | null | 'unknown' {
  if (item.template !== null) return templates.get(fillText(item.template, words)) ?? 'unknown';
  const file = fillText(item.file, words);
  return [...templates.values()].find((template) => template.file === file) ?? null;
}

function serves(template: Template, type: FileType, component: Component): boolean {
  return template.types.includes(type) && (template.component === null || template.component.id === component.id);
}

function wordsFor(data: BlueprintData, type: FileType, component: Component, report: Report): Record<string, string> {
  const own = { type, component: component.folder, component_id: component.id };
  const category = Object.values(data.categories).find((one) => one.types.includes(type));
  if (category === undefined) {
    report(['categories'], `no category has the type ${type}`);
    return own;
  }
  return { ...own, category: fillText(category.folder, own), category_name: fillText(category.name, own) };
}

function levelOf(path: string): Level {
  const words = placeholdersOf(path);
  if (words.includes('HH')) return 'hour';
  if (words.includes('DD')) return 'day';
  if (words.includes('WW')) return 'week';
  if (words.includes('MM')) return 'month';
  return words.includes('YYYY') ? 'year' : 'root';
}

function checkPattern(name: string, pattern: PatternData, report: Report): void {
  const path = ['pattern_levels', name];
  const folder = pattern.pattern ?? pattern.path;
  const key = pattern.pattern === undefined ? 'path' : 'pattern';
  if (folder === undefined) report(path, 'pattern is missing');
  if (pattern.pattern !== undefined && pattern.path !== undefined) report([...path, 'path'], 'pattern and path mean the same; keep one');
  if (pattern.file === undefined && pattern.files === undefined) report(path, 'file (or files) is missing');
  if (folder !== undefined && folder !== '{base}' && !folder.startsWith('{base}/')) report([...path, key], 'must start with {base}');
  const texts = [{ text: folder ?? '', at: [...path, key] as (string | number)[] }, ...filesOf(name, pattern).map((item) => ({ text: item.file, at: item.path }))];
  for (const { text, at } of texts) {
    for (const word of placeholdersOf(text)) if (!PATTERN_PLACEHOLDERS.includes(word)) report(at, `unknown placeholder {${word}}`, word, PATTERN_PLACEHOLDERS);
  }
  const all = new Set(texts.flatMap(({ text }) => placeholdersOf(text)));
  for (const [word, needed] of Object.entries(NEEDS)) {
    if (all.has(word) && !all.has(needed)) report([...path, key], `{${word}} without {${needed}} would put different times into one file`);
  }
}
