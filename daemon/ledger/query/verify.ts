import path from 'node:path';
import type { Brainstem, FileType, JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { readJournal } from '../journal/reader.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { readPublic } from '../views/public-file.ts';
import { Routes, type Route } from '../views/route.ts';
import { RunSettings } from '../views/run-settings.ts';
import { addDelta, Batch, copyOf, deltaOf, Item, type Delta } from '../views/item.ts';
import type { ViewContext } from '../views/view-state.ts';
import { FileCheck } from './file-check.ts';
import { firstDifference } from './first-difference.ts';
import { HistoryCheck } from './history-check.ts';
import type { Problem } from './problem.ts';
import { proofProblem } from './proof-check.ts';
import { sumProblems } from './sum-check.ts';
import { walkTree } from './tree-walk.ts';

export interface VerifyOptions {
  readonly disk: Disk;
  readonly base: string;
  readonly journal: string;
  readonly brainstem: Pick<Brainstem, 'viewTargetsOf' | 'instantiate'>;
  /** Folders in the base folder that are not the ledger's, e.g. `Hunts`. */
  readonly aside?: readonly string[];
  readonly maxViewBytes: number;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly records: number;
  /** First and last sequence number in the journal; null when it is empty. */
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  /** Chain value after the last record. */
  readonly chain: string | null;
  readonly files_checked: number;
  readonly proofs_checked: number;
  /** Files that do not show the newest records yet. */
  readonly files_behind: number;
  /** Files of periods before the first record that was kept: nothing is left to compare them with. */
  readonly files_older_than_journal: number;
  /** Files of years that were archived and of periods that were removed on purpose. */
  readonly files_archived: number;
  /** True when the journal begins where a retention says that it does. */
  readonly begins_by_retention: boolean;
  readonly problems: readonly Problem[];
  /** Problems beyond those listed. */
  readonly more_problems: number;
}

const MOST_LISTED = 1000;
const BATCH = 4096;
/** Differences whose entry is looked for, at one pass of the journal each. */
const MOST_LOCATED = 5;

/**
 * Checks everything that can be checked without trusting the files: the journal's lines and chain, every file of the tree byte
 * by byte against it, parents against children, every math proof by SHA-256d. Reads only; the daemon may run.
 * @throws the disk's error when the folder cannot be read
 */
export async function verifyLedger(options: VerifyOptions): Promise<VerifyReport> {
  const { disk, base, journal } = options;
  const problems: Problem[] = [];
  const found = await walkTree(disk, base, options.aside);
  const history = await HistoryCheck.read(disk, base);
  const files = new Files(options, (file) => found.get(file)?.throughSeq ?? null);
  let [records, proofs] = [0, 0];
  let first: LedgerRecord | null = null;
  let last: LedgerRecord | null = null;
  let firstSegment = '';
  for await (const { record, segment, offset, chainOk } of readJournal(disk, journal, { onDamage: (damage) => problems.push({ kind: 'journal', where: `${damage.segment} at byte ${damage.offset}`, what: damage.reason }) })) {
    if (chainOk === false) problems.push({ kind: 'chain', where: `${segment} at byte ${offset}`, what: `record ${record.seq} (${record.id}) does not follow from the one before: it or that one was changed` });
    if (record.kind === 'math_proof') {
      proofs += 1;
      const wrong = proofProblem(entryOf(record));
      if (wrong !== null) problems.push({ kind: 'proof', where: record.id, what: wrong });
    }
    records += 1;
    if (first === null) [first, firstSegment] = [record, segment];
    last = record;
    files.take(record);
  }
  files.settle();
  const complete = first === null || first.seq === 1;
  const byRetention = first !== null && history.explains(first);
  if (first !== null && !complete && !byRetention) problems.push({ kind: 'journal', where: firstSegment, what: `records 1 to ${first.seq - 1} are not there, and nothing says that they were removed on purpose` });
  let archived = 0;
  let located = 0;
  const behind = new Set<FileCheck>();
  for (const check of files.all) {
    const file = found.get(check.target.path);
    if (file === undefined && history.mayBeGone(check.target.path)) archived += 1;
    else if (file === undefined) problems.push({ kind: 'missing', where: check.target.path, what: 'the file is not there' });
    else if (file.throughSeq === null) {
      // Still the empty file of the start; anything else is named below.
      if (file.isPlaceholder) behind.add(check);
    } else {
      if (files.isBehind(check)) behind.add(check);
      if (!complete) continue;
      const wrong = await check.problems(disk, base);
      // The daemon published a newer version meanwhile: what was compared with is no longer there.
      if (wrong.length > 0 && (await readPublic(disk, path.join(base, check.target.path)))?.throughSeq !== check.throughSeq) {
        behind.add(check);
        continue;
      }
      for (const { file, what } of wrong) {
        const entry = what.startsWith('its entries') && located++ < MOST_LOCATED ? await firstDifference(options, check, file) : null;
        problems.push({ kind: 'file', where: file, what: entry ?? what });
      }
    }
  }
  problems.push(...(await history.problems()));
  const parts = new Set(files.all.flatMap((check) => check.parts));
  for (const [file, { throughSeq, isPlaceholder }] of found) {
    if (complete && throughSeq !== null && !files.has(file) && !parts.has(file)) problems.push({ kind: 'file', where: file, what: 'the journal has nothing that belongs in it' });
    else if (throughSeq === null && !isPlaceholder) problems.push({ kind: 'file', where: file, what: 'it is not a document of the ledger: damaged, or somebody put it there' });
  }
  // Coarse files follow later than hour files: only when all say the same can they be added up.
  if (behind.size === 0) problems.push(...(await sumProblems(disk, base, files.all.map((check) => check.target).filter(({ path: file }) => found.has(file)))));
  return {
    ok: problems.length === 0,
    records,
    first_seq: first?.seq ?? null,
    last_seq: last?.seq ?? null,
    chain: last?.chain ?? null,
    files_checked: files.all.length - archived,
    proofs_checked: proofs,
    files_behind: behind.size,
    files_older_than_journal: complete ? 0 : [...found].filter(([file, { throughSeq }]) => throughSeq !== null && !files.has(file)).length,
    files_archived: archived,
    begins_by_retention: byRetention,
    problems: problems.slice(0, MOST_LISTED),
    more_problems: Math.max(0, problems.length - MOST_LISTED),
  };
}

/** The files the journal's records belong in, each followed to where it says it is. */
class Files {
  readonly #routes: Routes;
  readonly #context: ViewContext;
  readonly #run: RunSettings;
  readonly #throughSeq: (file: string) => number | null;
  readonly #checks = new Map<string, FileCheck>();
  readonly #ofRoute = new Map<Route, FileCheck[]>();
  readonly #newest = new Map<FileCheck, number>();
  #batch: Item[] = [];

  constructor({ brainstem, maxViewBytes }: VerifyOptions, throughSeq: (file: string) => number | null) {
    this.#routes = new Routes(brainstem);
    this.#run = new RunSettings(maxViewBytes);
    this.#context = { instantiate: (template, at) => brainstem.instantiate(template, at), routeOf: (type, category, bucket) => this.#routes.of(type, category, bucket), run: this.#run };
    this.#throughSeq = throughSeq;
  }

  get all(): readonly FileCheck[] {
    return [...this.#checks.values()];
  }

  has(file: string): boolean {
    return this.#checks.has(file);
  }

  /** Its newest record is after what it shows. */
  isBehind(check: FileCheck): boolean {
    return (this.#newest.get(check) ?? 0) > check.throughSeq;
  }

  take(record: LedgerRecord): void {
    if (record.kind === 'start') {
      this.settle();
      this.#run.begin(record);
      return;
    }
    try {
      const route = this.#routes.of(record.kind as FileType, record.category, record.bucket);
      this.#batch.push(new Item(record, route));
    } catch {
      // No file can have it: its component is no longer in the blueprint.
    }
    if (this.#batch.length >= BATCH) this.settle();
  }

  /** Hands what was collected to the files: added up by route, as most of them take all of it. */
  settle(): void {
    const items = this.#batch;
    this.#batch = [];
    const sums = new Map<Route, Delta>();
    const itemsOf = new Map<FileCheck, Item[]>();
    for (const item of items) {
      const delta = deltaOf(item);
      const sum = sums.get(item.route);
      if (sum === undefined) sums.set(item.route, copyOf(delta));
      else addDelta(sum, delta);
      for (const check of this.#checksOf(item.route)) {
        const list = itemsOf.get(check);
        if (list === undefined) itemsOf.set(check, [item]);
        else list.push(item);
      }
    }
    for (const [check, own] of itemsOf) {
      const newest = own.at(-1)?.seq ?? 0;
      this.#newest.set(check, newest);
      if (newest <= check.throughSeq) check.take([...sums].filter(([route]) => this.#checksOf(route).includes(check)).map(([, sum]) => sum), new Batch(own));
      else for (const item of own) if (item.seq <= check.throughSeq) check.take([deltaOf(item)], new Batch([item]));
    }
  }

  #checksOf(route: Route): FileCheck[] {
    let checks = this.#ofRoute.get(route);
    if (checks === undefined) this.#ofRoute.set(route, (checks = route.targets.map((target) => this.#checkOf(target))));
    return checks;
  }

  #checkOf(target: ViewTarget): FileCheck {
    let check = this.#checks.get(target.path);
    // A file that is not there is followed to the end, for the sums of its parents.
    if (check === undefined) this.#checks.set(target.path, (check = new FileCheck(target, this.#context, this.#throughSeq(target.path) ?? 0)));
    return check;
  }
}

function entryOf(record: LedgerRecord): JsonObject {
  try {
    return JSON.parse(record.entryText) as JsonObject;
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

