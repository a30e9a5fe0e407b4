import type { FileType, JsonObject, Level, ViewRole } from './contract.ts';
import type { Report } from './blueprint-problems.ts';
import type { BlueprintData, TemplateData } from './blueprint-schema.ts';
import type { Component, Components } from './components.ts';
import { fillDeep, fillText, placeholdersDeep, placeholdersOf } from './placeholders.ts';
import { isObject } from '../../protocol/common/json.ts';

/** The word a file name has for a level: `yearly_ledger.json`. */
export const PERIODS: Readonly<Record<Level, string>> = { root: 'global', year: 'yearly', month: 'monthly', week: 'weekly', day: 'daily', hour: 'hourly' };

/** What one kind of file looks like: a `file_templates` entry, expanded for one level and component. */
export interface Template {
  readonly key: string;
  /** File name that gets this template when a pattern names none. */
  readonly file: string;
  readonly types: readonly FileType[];
  /** Null for files that no ledger entry goes to. */
  readonly role: ViewRole | null;
  /** The component it was expanded for; null when it is for all. */
  readonly component: Component | null;
  readonly fileType: string;
  readonly createdBy: string;
  /** What a file's metadata names as its component: the label of the template's own component, else who created it. */
  readonly writer: string;
  readonly purpose: string;
  /** Dotted path of the array its entries go to, whatever their type; null for files that hold none. */
  readonly array: string | null;
  /** The fields that stand there of each entry; null = all. */
  readonly entryFields: readonly string[] | null;
  /** A fresh, empty document for a level, without metadata. */
  structure(level: Level): JsonObject;
  /** Sample values to lay over the structure. */
  sample(level: Level): JsonObject;
}

const TEMPLATE_PLACEHOLDERS = ['level', 'period'];
const COMPONENT_PLACEHOLDERS = ['component', 'component_id'];

/** Expands every entry of `file_templates`; what is wrong goes to `report`. */
export function expandTemplates(data: BlueprintData['file_templates'], components: Components, report: Report): Map<string, Template> {
  const templates = new Map<string, Template>();
  for (const [name, entry] of Object.entries(data)) {
    const path = ['file_templates', name];
    const perComponent = placeholdersOf(name).some((word) => word.startsWith('component'));
    checkEntry(name, entry, perComponent, components, report);
    for (const component of perComponent ? components.all : [null]) {
      for (const level of entry.levels ?? [null]) {
        const template = expand(name, entry, component, level);
        if (templates.has(template.key)) report(path, `the template ${template.key} is defined twice`);
        templates.set(template.key, template);
      }
    }
  }
  return templates;
}

function expand(name: string, entry: TemplateData, component: Component | null, fixedLevel: Level | null): Template {
  const words = (level: Level | null): Record<string, string> => ({
    ...(level === null ? {} : { level, period: PERIODS[level] }),
    ...(component === null ? {} : { component: component.folder, component_id: component.id }),
  });
  const fill = (text: string): string => fillText(text, words(fixedLevel));
  const key = fill(name);
  const array = arrayOf(entry);
  const last = isIndex(entry) ? SOURCES : array;
  const layer = (level: Level, base: JsonObject | undefined, variants: ReadonlyArray<ByLevel | undefined>): JsonObject =>
    fillDeep(variants.reduce((merged, variant) => mergeLevels(merged, variant, level), base ?? {}), words(level)) as JsonObject;
  return {
    key,
    file: fill(entry.file ?? `${name}.json`),
    types: entry.types,
    role: entry.types.length === 0 ? null : (entry.role ?? (fixedLevel === 'root' ? 'global' : 'period')),
    component,
    fileType: fill(entry.file_type ?? name),
    createdBy: fill(entry.created_by),
    writer: component?.label ?? fill(entry.created_by),
    purpose: fill(entry.purpose),
    entryFields: entry.entry_fields ?? null,
    array,
    structure(level) {
      const document = layer(fixedLevel ?? level, entry.structure, [entry.by_level, entry.by_component?.[component?.id ?? '']]);
      // The list that grows stands last, so that the file of a running hour can be added to at its end.
      if (last !== null) moveLast(document, last);
      return document;
    },
    sample: (level) => layer(fixedLevel ?? level, entry.sample, [entry.sample_by_level, entry.sample_by_component?.[component?.id ?? '']]),
  };
}

type ByLevel = Readonly<Partial<Record<Level | 'period' | 'all', JsonObject>>>;

function mergeLevels(base: JsonObject, variants: ByLevel | undefined, level: Level): JsonObject {
  if (variants === undefined) return base;
  const period = level === 'root' || level === 'hour' ? undefined : variants.period;
  return [period, variants[level], variants.all].reduce<JsonObject>((merged, fields) => mergeDeep(merged, fields ?? {}), base);
}

/** `over` laid on `base`: objects are merged, everything else is replaced. Neither is changed. */
export function mergeDeep(base: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isObject(below) && isObject(value) ? mergeDeep(below, value) : value;
  }
  return merged;
}

/** Where roll-ups and indices list the files their data is in. */
const SOURCES = 'summary.data_sources';

function isIndex(entry: TemplateData): boolean {
  return entry.role === 'index' || entry.role === 'index_global';
}

function isRollUp(entry: TemplateData): boolean {
  return entry.role === 'aggregated' || entry.role === 'aggregated_global';
}

/** The array of a template; of one that names several (which is refused) the first. */
function arrayOf({ array }: TemplateData): string | null {
  return typeof array === 'string' ? array : (Object.values(array ?? {})[0] ?? null);
}

function checkEntry(name: string, entry: TemplateData, perComponent: boolean, components: Components, report: Report): void {
  const path = ['file_templates', name];
  const known = [...TEMPLATE_PLACEHOLDERS, ...(perComponent ? COMPONENT_PLACEHOLDERS : [])];
  for (const word of placeholdersOf(name)) if (!known.includes(word)) report(path, `unknown placeholder {${word}} in a template key`, word, known);
  if (entry.levels !== undefined && !placeholdersOf(name).some((word) => TEMPLATE_PLACEHOLDERS.includes(word))) {
    report([...path, 'levels'], 'a template with levels needs {period} or {level} in its key');
  }
  if (entry.levels === undefined && placeholdersOf(name).some((word) => TEMPLATE_PLACEHOLDERS.includes(word))) {
    report(path, 'a template key with {period} or {level} needs levels');
  }
  for (const part of ['structure', 'by_level', 'by_component', 'sample', 'sample_by_level', 'sample_by_component', 'file', 'file_type', 'purpose', 'created_by'] as const) {
    for (const word of new Set(placeholdersDeep(entry[part]))) {
      if (!known.includes(word)) report([...path, part], `unknown placeholder {${word}}`, word, known);
    }
  }
  for (const part of ['by_component', 'sample_by_component'] as const) {
    for (const id of Object.keys(entry[part] ?? {})) {
      if (!perComponent) report([...path, part, id], `needs {component_id} in the template key`);
      else if (!components.ids.includes(id)) report([...path, part, id], 'unknown component', id, components.ids);
    }
  }
  for (const part of ['structure', 'by_level', 'by_component'] as const) checkClean(entry[part] ?? {}, [...path, part], report);
  checkArrays(entry, path, report);
}

/** A structure is copied into the ledger as it stands, so it must not hold sample data. */
function checkClean(value: unknown, path: (string | number)[], report: Report): void {
  if (Array.isArray(value)) {
    if (value.length > 0) report(path, 'a list in a structure must be empty; put sample entries under sample');
  } else if (typeof value === 'number') {
    if (value !== 0) report(path, 'a counter in a structure must start at 0 (null = unknown); put sample values under sample');
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) checkClean(item, [...path, key], report);
  }
}

function checkArrays(entry: TemplateData, path: string[], report: Report): void {
  const { array, types } = entry;
  const at = [...path, 'array'];
  if (isIndex(entry)) {
    if (array !== undefined) report(at, 'an index holds no entries; remove array');
  } else if (typeof array === 'object') {
    for (const type of types) if (array[type] === undefined) report(at, `array does not say where entries of type ${type} go`);
    for (const type of Object.keys(array)) if (!types.includes(type as FileType)) report([...at, type], `types does not list ${type}`);
    if (new Set(Object.values(array)).size > 1) report(at, 'all types of a file go to one array (an id says what an entry is): name it once');
  } else if (array === undefined && types.length > 0) {
    report(at, `array does not say where entries of type ${types.join(', ')} go`);
  }
  if (entry.entry_fields !== undefined && !entry.entry_fields.includes('id')) report([...path, 'entry_fields'], 'entry_fields must have id: without it nobody can find the entry');
  const own = arrayOf(entry);
  if (own !== null) checkList(entry, own, path, at, report);
  if (isIndex(entry) || isRollUp(entry)) checkList(entry, SOURCES, path, [...path, 'structure'], report);
}

/** A list the ledger adds to must be in the structure itself: the same for every level and component. */
function checkList(entry: TemplateData, list: string, path: string[], at: string[], report: Report): void {
  const keys = list.split('.');
  const prefixes = keys.map((_, index) => keys.slice(0, index + 1).join('.'));
  const found = getPath(entry.structure, list);
  if (found === undefined && prefixes.every((prefix) => isObject(getPath(entry.structure, prefix) ?? {}))) report(at, `${list} is not in the structure; write it there as an empty list`);
  else if (!Array.isArray(found)) report(at, `${list} does not fit the structure, which has something else there`);
  const variants = [
    { part: ['by_level'], byLevel: entry.by_level ?? {} },
    ...Object.entries(entry.by_component ?? {}).map(([id, byLevel]) => ({ part: ['by_component', id], byLevel })),
  ];
  for (const { part, byLevel } of variants) {
    for (const [level, fields] of Object.entries(byLevel)) {
      const changed = prefixes.find((prefix) => {
        const value = getPath(fields, prefix);
        return value !== undefined && (prefix === list || !isObject(value));
      });
      if (changed !== undefined) report([...path, ...part, level], `${changed} stands in the structure; it must be the same for every level and component`);
    }
  }
}

function getPath(document: JsonObject, dotted: string): unknown {
  return dotted.split('.').reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), document);
}

/** Makes `dotted` the last thing of the document, and of each object on the way to it. */
function moveLast(document: JsonObject, dotted: string): void {
  let node: unknown = document;
  for (const key of dotted.split('.')) {
    if (!isObject(node) || !Object.hasOwn(node, key)) return;
    const value = node[key];
    delete node[key];
    node[key] = value;
    node = value;
  }
}
