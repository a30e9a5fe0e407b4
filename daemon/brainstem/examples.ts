import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Blueprint } from './blueprint.ts';
import type { InitResult, JsonObject } from './contract.ts';
import type { Example } from './example-list.ts';
import { exists, forEachLimited, jsonText, writeWhole } from './files.ts';
import { newDocument } from './instantiate.ts';
import { mergeDeep } from './templates.ts';
import { createTimeParts, scopeOf } from './time-parts.ts';

/** Holds the SHA-256 of the blueprint the examples were made from. */
export const VERSION_FILE = '.brain_version';

export const MESSAGE_UPDATED = 'Brain.QTL updated - Regenerating templates';
export const MESSAGE_CURRENT = 'System_File_Examples current - Brain.QTL unchanged';

export type ExamplesResult = InitResult['examples'] & { readonly message: string };

/**
 * Every example file of a blueprint, path below the examples folder -> text. The same bytes at every call and on every
 * machine: times and mode are the blueprint's own sample values.
 */
export function renderExamples(blueprint: Blueprint): Map<string, string> {
  const files = new Map(blueprint.examples.map((example) => [example.path, jsonText(exampleDocument(blueprint, example))]));
  files.set(VERSION_FILE, blueprint.sha256);
  return files;
}

function exampleDocument(blueprint: Blueprint, { template, level }: Example): JsonObject {
  const { data } = blueprint;
  const { sample_time: sampleTime, sample_mode: mode } = data.system_example_files;
  const parts = createTimeParts({ timeZone: data.time_zone, weekNumbering: data.week_numbering })(Date.parse(sampleTime));
  const beside = template.role === 'global' || template.role === 'aggregated_global' || template.role === 'index_global';
  const scope = beside ? 'global' : scopeOf(level, parts);
  const document = newDocument({ template, mode, level, scope, now: parts.iso }, data.metadata_by_role, data.week_numbering);
  const metadata = { created_by: template.createdBy, purpose: template.purpose };
  return mergeDeep(mergeDeep(document, { metadata }), template.sample(level));
}

/**
 * Brings the examples folder up to the blueprint. A changed blueprint replaces all of them and keeps the old folder as
 * a backup; otherwise only missing files are written, so that what a person changed stays.
 * @param stamp `YYYYMMDD-HHMMSS` for the name of a backup
 * @throws the file system's error; the old folder is then in place or in the backup, never half written
 */
export async function syncExamples(blueprint: Blueprint, dataDir: string, stamp: string): Promise<ExamplesResult> {
  const folder = path.join(dataDir, blueprint.data.system_example_files.base_location);
  const files = renderExamples(blueprint);
  const stored = await readFile(path.join(folder, VERSION_FILE), 'utf8').then((text) => text.trim(), () => null);
  if (stored !== blueprint.sha256) return { ...(await regenerate(folder, files, stamp)), message: MESSAGE_UPDATED };

  let written = 0;
  await forEachLimited([...files], async ([name, text]) => {
    const file = path.join(folder, name);
    if (await exists(file)) return;
    await writeWhole(file, text);
    written += 1;
  });
  return { action: written === 0 ? 'current' : 'completed', written, backup: null, message: MESSAGE_CURRENT };
}

async function regenerate(folder: string, files: ReadonlyMap<string, string>, stamp: string): Promise<InitResult['examples']> {
  // Built beside the old folder and swapped in whole, so that a full disk leaves the old examples untouched.
  const fresh = path.join(path.dirname(folder), `.${path.basename(folder)}.new`);
  await rm(fresh, { recursive: true, force: true });
  let backup: string | null = null;
  try {
    await mkdir(fresh, { recursive: true });
    await forEachLimited([...files], ([name, text]) => writeWhole(path.join(fresh, name), text));
    if (await exists(folder)) {
      backup = await freeName(`${folder}.backup-${stamp}`);
      await rename(folder, backup);
    }
    await rename(fresh, folder);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
  return { action: 'regenerated', written: files.size, backup };
}

async function freeName(wanted: string): Promise<string> {
  let name = wanted;
  for (let number = 2; await exists(name); number++) name = `${wanted}-${number}`;
  return name;
}
