import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../protocol/common/errors.ts';
import { isObject } from '../../protocol/common/json.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import type { JsonObject, Level } from './contract.ts';
import { PERIODS, type Template } from './templates.ts';
import { scopeOf } from './time-parts.ts';

/**
 * A fresh, clean structure for a new file: no sample data, counters 0, lists empty. Never throws.
 * @param templateName a name of the seeds (`global_mining_ledger`, `math_proof_template`), a template of the blueprint
 * (`hourly_submission`), or an example's file name or path (`DTM/Global/global_ledger_example.json`); also an example
 * that a person added to System_File_Examples
 * @param component whose report or error file is meant, by id, folder or alias; `Unknown` for those of no component
 * @returns with an unknown name an empty document whose metadata say `template_load_failed` and why
 */
export type LoadTemplate = (templateName: string, component?: string) => JsonObject;

/** Binds `loadTemplateFromExamples` to a blueprint. @param now ms since the epoch, for the metadata of what it returns */
export function templateLoader(brainstem: BlueprintBrainstem, now: () => number): { readonly loadTemplateFromExamples: LoadTemplate; readonly load_template_from_examples: LoadTemplate } {
  const load: LoadTemplate = (templateName, component = 'Unknown') => {
    try {
      return find(brainstem, now(), String(templateName), String(component));
    } catch (error) {
      return { metadata: { template_load_failed: true, error: messageOf(error) }, entries: [], errors: [], reports: [] };
    }
  };
  return { loadTemplateFromExamples: load, load_template_from_examples: load };
}

function find(brainstem: BlueprintBrainstem, at: number, wanted: string, component: string): JsonObject {
  const { blueprint } = brainstem;
  const owner = blueprint.components.find(component);
  const name = path.posix.basename(wanted).replace(/\.json$/, '').replace(/_example$/, '');
  for (const key of candidates(name, owner?.id ?? null)) {
    const template = blueprint.templates.get(key);
    if (template !== undefined) return clone(brainstem, template, levelOf(key), at);
  }
  const examples = blueprint.examples.filter((example) => example.path === wanted || path.posix.basename(example.path) === `${name}_example.json`);
  const example = examples.find((one) => one.template.component === owner || one.path.startsWith(`${owner?.folder}/`)) ?? examples[0];
  if (example !== undefined) return clone(brainstem, example.template, example.level, at);
  return emptied(ownExample(path.join(brainstem.dataDir, blueprint.data.system_example_files.base_location), name, owner?.folder ?? component));
}

/** Keys a name may stand for, the closest first. The seeds say `mining` where the blueprint says nothing, and name no period for the global file. */
function candidates(name: string, owner: string | null): string[] {
  const plain = name.replace(/_mining(?=_)/, '').replace(/_template$/, '');
  const names = [...new Set([name, plain])].flatMap((one) => [one, `global_${one}`]);
  const owned = owner === null ? [] : names.flatMap((one) => [one.replace(/_(system_)?report$/, `_${owner}_report`), one.replace(/_(system_)?error(_report)?$/, `_${owner}_error`)]).filter((one) => !names.includes(one));
  return [...owned, ...names, ...names.map((one) => `${one}_report`)];
}

function levelOf(key: string): Level {
  const period = key.slice(0, key.indexOf('_'));
  return (Object.keys(PERIODS) as Level[]).find((level) => PERIODS[level] === period) ?? 'root';
}

function clone(brainstem: BlueprintBrainstem, template: Template, level: Level, at: number): JsonObject {
  const isRollUp = template.role === 'aggregated' || template.role === 'index';
  const scope = level === 'root' && !isRollUp ? 'global' : scopeOf(level, brainstem.timeParts(at));
  return brainstem.instantiate(template.key, { at, level, scope });
}

/** Reads an example that is not the blueprint's. @throws Error when there is none, or it is not an object */
function ownExample(folder: string, name: string, owner: string): JsonObject {
  const file = `${name}_example.json`;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((entry) => path.basename(entry) === file);
  const chosen = found.find((entry) => entry.startsWith(owner + path.sep)) ?? found[0];
  if (chosen === undefined) throw new Error(`neither Brain.QTL nor ${path.basename(folder)} has a template ${name}`);
  const document: unknown = JSON.parse(readFileSync(path.join(folder, chosen), 'utf8'));
  if (!isObject(document)) throw new Error(`${chosen} is not a JSON object`);
  return document;
}

/** An example without its sample data; what its metadata say about the file stays. */
function emptied(document: JsonObject): JsonObject {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return [];
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clean(item)]));
    return typeof value === 'number' ? 0 : null;
  };
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, key === 'metadata' ? value : clean(value)]));
}
