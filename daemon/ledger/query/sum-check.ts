import path from 'node:path';
import type { JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { isObject } from '../../../protocol/common/json.ts';
import type { Disk } from '../disk/disk.ts';
import { readWhole } from '../disk/files.ts';
import { finer } from '../views/bucket.ts';
import type { Problem } from './problem.ts';

/**
 * Adds up what the files themselves say, without the journal: every index against its own list of sub-levels, and that list
 * against the index files of those sub-levels.
 * @throws the disk's error
 */
export async function sumProblems(disk: Disk, base: string, targets: readonly ViewTarget[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  const indices = targets.filter((target) => target.role === 'index');
  const bySeries = new Map(indices.map((target) => [`${seriesOf(target)}|${target.level}|${target.scope}`, target]));
  const totals = new Map<string, number | null>();
  const totalOf = async (target: ViewTarget): Promise<number | null> => {
    const known = totals.get(target.path);
    if (known !== undefined) return known;
    const { summary } = await documentOf(disk, path.join(base, target.path));
    const total = isObject(summary) && typeof summary.total_entries === 'number' ? summary.total_entries : null;
    totals.set(target.path, total);
    return total;
  };
  for (const target of indices) {
    const below = finer(target.level);
    if (below === null) continue;
    const { sub_levels: children } = await documentOf(disk, path.join(base, target.path));
    const total = await totalOf(target);
    if (!Array.isArray(children) || total === null) continue;
    const sum = children.reduce((all: number, child: JsonObject) => all + Number(child.total_entries), 0);
    if (sum !== total) problems.push({ kind: 'sum', where: target.path, what: `total_entries is ${total}, but its sub-levels have ${sum}` });
    for (const { scope, total_entries: counted } of children as { scope: string; total_entries: number }[]) {
      const child = bySeries.get(`${seriesOf(target)}|${below}|${scope}`);
      const own = child === undefined ? null : await totalOf(child);
      if (own !== null && own !== counted) problems.push({ kind: 'sum', where: target.path, what: `it counts ${counted} entries for ${scope}, but ${child?.path} has ${own}` });
    }
  }
  return problems;
}

/** The tree an index belongs to. */
function seriesOf(target: ViewTarget): string {
  return target.path.slice(0, target.path.indexOf('Aggregated_Index/'));
}

/** A document that cannot be read has no sums; that it cannot is told elsewhere. */
async function documentOf(disk: Disk, file: string): Promise<JsonObject> {
  try {
    const json: unknown = JSON.parse((await readWhole(disk, file)).toString());
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}
