import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../protocol/common/errors.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import type { InitResult } from './contract.ts';
import { syncExamples, type ExamplesResult } from './examples.ts';
import { exists, forEachLimited, writeNew } from './files.ts';
import { placeholderTargets, placeholderText } from './placeholder-files.ts';

/** What was done, and what could not be done. */
export type Initialized = InitResult & { readonly failures: readonly string[] };

/**
 * Creates what the blueprint asks for: examples, folders, and the files of the current hour. Never rejects: a disk that
 * is full or read-only must not stop the mining, so what could not be created is told in `failures`.
 * @param at now, ms since the epoch
 */
export async function initializeMode(brainstem: BlueprintBrainstem, at: number): Promise<Initialized> {
  const failures = new Failures();
  const examples = await bringExamples(brainstem, at, failures);
  const foldersCreated = await createFolders(brainstem, failures);
  const { filesCreated, filesRefused } = await createFiles(brainstem, at, failures);
  const messages = [examples.message, ...(examples.backup === null ? [] : [`The examples of the old Brain.QTL are kept in ${examples.backup}`])].filter((message) => message !== '');
  const { action, written, backup } = examples;
  return { base: brainstem.base, at, foldersCreated, filesCreated, filesRefused, examples: { action, written, backup }, messages, failures: failures.messages() };
}

async function bringExamples(brainstem: BlueprintBrainstem, at: number, failures: Failures): Promise<ExamplesResult> {
  const nothing = { action: 'current', written: 0, backup: null, message: '' } as const;
  const { blueprint, dataDir } = brainstem;
  if (!blueprint.data.system_example_files.enabled) return nothing;
  const stamp = brainstem.timeParts(at).iso.slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  try {
    return await syncExamples(blueprint, dataDir, stamp);
  } catch (error) {
    failures.add(blueprint.data.system_example_files.base_location, error);
    return nothing;
  }
}

async function createFolders(brainstem: BlueprintBrainstem, failures: Failures): Promise<number> {
  let created = 0;
  for (const folder of brainstem.blueprint.data.folder_management.auto_create_structure) {
    // The seeds write the folders of the production mode; both spellings mean the folder of the mode in force.
    const relative = folder.replace(/^(\{base\}|Mining)(?=\/|$)/, '');
    const absolute = relative === folder ? path.join(brainstem.dataDir, folder) : path.join(brainstem.base, relative);
    try {
      if (await exists(absolute)) continue;
      await mkdir(absolute, { recursive: true });
      created += 1;
    } catch (error) {
      failures.add(path.relative(brainstem.dataDir, absolute), error);
    }
  }
  return created;
}

/** The global files and the time hierarchy of the current hour, for every type and component. Existing files stay. */
async function createFiles(brainstem: BlueprintBrainstem, at: number, failures: Failures): Promise<{ filesCreated: number; filesRefused: string[] }> {
  const { iso } = brainstem.timeParts(at);
  let filesCreated = 0;
  const filesRefused: string[] = [];
  await forEachLimited(placeholderTargets(brainstem, brainstem.bucketOf(at)), async (target) => {
    const file = path.join(brainstem.base, target.path);
    try {
      if (await exists(file)) return;
      if (await writeNew(file, placeholderText(brainstem, target, iso))) filesCreated += 1;
    } catch (error) {
      filesRefused.push(target.path);
      failures.add(path.relative(brainstem.dataDir, file), error);
    }
  });
  return { filesCreated, filesRefused: filesRefused.sort() };
}

/** One message for each kind of failure: a read-only disk refuses two hundred files for the same reason. */
class Failures {
  readonly #byReason = new Map<string, { first: string; count: number }>();

  add(file: string, error: unknown): void {
    const reason = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    const known = this.#byReason.get(reason);
    if (known === undefined) this.#byReason.set(reason, { first: file, count: 1 });
    else known.count += 1;
  }

  messages(): string[] {
    return [...this.#byReason].map(([reason, { first, count }]) => {
      const others = count === 1 ? '' : ` and ${count - 1} more`;
      return `Could not create ${first}${others}: ${EXPLANATIONS[reason] ?? reason}. Mining goes on; entries are kept where the ledger's fallback finds room.`;
    });
  }
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
  ENOSPC: 'no space left on the disk (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  ENOTDIR: 'a file stands where a folder is needed (ENOTDIR)',
  EEXIST: 'a file stands where a folder is needed (EEXIST)',
};
