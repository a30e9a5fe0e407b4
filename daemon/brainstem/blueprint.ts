import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { validate } from '../../config/validate.ts';
import { readYaml } from '../../config/yaml-source.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { checkBlueprint } from './blueprint-checks.ts';
import { BlueprintProblems, throwIfAny } from './blueprint-problems.ts';
import { blueprintSchema, type BlueprintData, type FlagDefinition } from './blueprint-schema.ts';
import { Components } from './components.ts';
import { expandExamples, type Example } from './example-list.ts';
import { Patterns } from './patterns.ts';
import { expandTemplates, type Template } from './templates.ts';

/** A whole, checked Brain.QTL. */
export interface Blueprint {
  /** Path it was read from. */
  readonly file: string;
  /** SHA-256 of its bytes, 64 hex digits: what `.brain_version` holds. */
  readonly sha256: string;
  /** The file as written, with defaults filled in. */
  readonly data: BlueprintData;
  readonly components: Components;
  /** Every template by its key. */
  readonly templates: ReadonlyMap<string, Template>;
  readonly patterns: Patterns;
  readonly examples: readonly Example[];
}

/**
 * Reads and checks a blueprint.
 * @param builtFile what the build has left of the check of the blueprint it saw: taken when that was of the same bytes
 * @throws RigError E_BLUEPRINT_INVALID naming every mistake as `Brain.QTL:line:column: field: reason`
 */
export function loadBlueprint(file: string, builtFile = BUILT): Blueprint {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new RigError('E_BLUEPRINT_INVALID', `${file} cannot be read: ${messageOf(cause)}`, { cause, context: { file }, hint: 'Restore Brain.QTL from the installation.' });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (lastLoaded === null || lastLoaded.file !== file || lastLoaded.sha256 !== sha256) lastLoaded = fromBuild(builtFile, file, sha256) ?? parseBlueprint(bytes, file);
  return lastLoaded;
}

/** Checking takes a quarter of a second on a desktop; whoever asks again for the same bytes gets the same, unchangeable answer. */
let lastLoaded: Blueprint | null = null;

/** Written by scripts/build.mjs beside the compiled module, so that no process that runs from there reads 1,300 lines of YAML at its start. */
const BUILT = path.join(import.meta.dirname, 'blueprint.json');

/** Null when there is nothing usable, or of other bytes. */
function fromBuild(builtFile: string, file: string, sha256: string): Blueprint | null {
  try {
    const built = JSON.parse(readFileSync(builtFile, 'utf8')) as CheckedBlueprint;
    return built.sha256 === sha256 ? takeOverBlueprint({ ...built, file }) : null;
  } catch {
    return null;
  }
}

/** As `loadBlueprint`, from bytes. @param file name to report */
export function parseBlueprint(bytes: Uint8Array, file: string): Blueprint {
  const source = readYaml(Buffer.from(bytes).toString('utf8'), path.basename(file));
  throwIfAny(source.problems);
  const { data, problems } = validate(blueprintSchema, source.value, source.origins);
  throwIfAny(problems);
  if (data === null) throw new RigError('E_INTERNAL', 'the blueprint has neither data nor problems');

  const { found, report } = new BlueprintProblems(source.origins);
  const components = new Components(data.components, report);
  checkBlueprint(data, components, report);
  const templates = expandTemplates(data.file_templates, components, report);
  const patterns = new Patterns(data, components, templates, report);
  const examples = expandExamples(data.system_example_files.files, components, templates, report);
  throwIfAny(found);
  return {
    file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    data: { ...data, flags: { ...data.flags, categories: canonicalFlags(data, components) } },
    components,
    templates,
    patterns,
    examples,
  };
}

/** What a thread may be handed of a blueprint that another has read and checked: plain data. */
export type CheckedBlueprint = Pick<Blueprint, 'file' | 'sha256' | 'data'>;

/** What to hand to another thread for `takeOverBlueprint`. */
export function checkedPart({ file, sha256, data }: Blueprint): CheckedBlueprint {
  return { file, sha256, data };
}

/** The blueprint another thread has checked, without doing that a second time. */
export function takeOverBlueprint({ file, sha256, data }: CheckedBlueprint): Blueprint {
  const nothingToReport = (): void => {};
  const components = new Components(data.components, nothingToReport);
  const templates = expandTemplates(data.file_templates, components, nothingToReport);
  const patterns = new Patterns(data, components, templates, nothingToReport);
  return { file, sha256, data, components, templates, patterns, examples: expandExamples(data.system_example_files.files, components, templates, nothingToReport) };
}

/** `applies_to` with ids instead of aliases. */
function canonicalFlags(data: BlueprintData, components: Components): Record<string, Record<string, FlagDefinition>> {
  const canonical = (definition: FlagDefinition): FlagDefinition => ({ ...definition, applies_to: definition.applies_to.map((name) => components.find(name)?.id ?? name) });
  return Object.fromEntries(
    Object.entries(data.flags.categories).map(([category, flags]) => [category, Object.fromEntries(Object.entries(flags).map(([name, definition]) => [name, canonical(definition)]))]),
  );
}
