import path from 'node:path';
import type { Brainstem, FileType, JsonObject } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import { readWhole } from '../disk/files.ts';
import { readJournal } from '../journal/reader.ts';
import { shortForm } from '../views/item.ts';
import { Routes } from '../views/route.ts';
import type { FileCheck } from './file-check.ts';

/**
 * Says which entry of a file is not as the journal has it.
 * @returns null when that cannot be told: an index, or a file that was cut into parts
 * @throws the disk's error
 */
export async function firstDifference(options: { readonly disk: Disk; readonly base: string; readonly journal: string; readonly brainstem: Pick<Brainstem, 'viewTargetsOf'> }, check: FileCheck, file: string): Promise<string | null> {
  if (check.target.arrayKey === null || check.parts.length > 0) return null;
  const { disk, base, journal, brainstem } = options;
  const bytes = await readWhole(disk, path.join(base, file));
  const lines = bytes.subarray(check.state.frame().head.length + 1).toString().split('\n');
  const routes = new Routes(brainstem);
  let line = 0;
  for await (const { record } of readJournal(disk, journal, { toSeq: check.throughSeq })) {
    if (record.kind === 'start') continue;
    let belongs = false;
    try {
      belongs = routes.of(record.kind as FileType, record.category, record.bucket).targets.some((target) => target.path === file);
    } catch {
      continue;
    }
    if (!belongs) continue;
    const is = lines[line]?.replace(/,$/, '');
    const { entryFields } = check.target;
    const should = entryFields === null ? record.entryText : shortForm(JSON.parse(record.entryText) as JsonObject, entryFields);
    if (is !== should) return `entry ${line + 1}, ${record.id} (record ${record.seq}), is not as the journal has it`;
    line += 1;
  }
  return 'it has entries that the journal has not';
}
