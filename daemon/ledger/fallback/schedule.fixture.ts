import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { isChanging, type DiskOp } from '../disk/disk-faults.fixture.ts';
import { oneOf, randomCut, type Random } from '../disk/sim-content.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import type { NewRecord } from '../journal/record.ts';
import type { Keeper } from './contract.ts';
import { AT, keeperKit, record, type KeeperKit } from './keeper-kit.fixture.ts';
import type { KeeperLimits } from './keeper.ts';
import { reconcile } from './reconcile.ts';

/** A journal that keeps what it took, and fails or is cut where it is told to. */
export class FakeJournal {
  /** Ids in the order they became durable; an id twice is a doubled record. */
  readonly ids: string[] = [];
  readonly #random: Random;
  /** Share of appends that fail half way. */
  failing = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  known(ids: readonly string[]): Set<string> {
    const there = new Set(this.ids);
    return new Set(ids.filter((id) => there.has(id)));
  }

  async append(records: readonly NewRecord[]): Promise<Set<string>> {
    const count = this.#random() < this.failing ? Math.floor(this.#random() * records.length) : records.length;
    const taken = records.slice(0, count).map(({ id }) => id);
    this.ids.push(...taken);
    return new Set(taken);
  }
}

/** A kind of trouble: which calls fail, and how. */
const TROUBLES: readonly ((random: Random) => (op: DiskOp) => string | null)[] = [
  () => () => null,
  () => (op) => (op.call === 'write' || op.call === 'create' || op.call === 'mkdir' ? 'ENOSPC' : null),
  () => (op) => (isChanging(op.call) ? 'EROFS' : null),
  () => (op) => (op.path.includes('Backup_Logs') ? 'EACCES' : null),
  () => (op) => (op.path.includes('Emergency_Logs') ? 'EACCES' : null),
  () => (op) => (op.call === 'datasync' || op.call === 'syncFolder' ? 'EIO' : null),
  (random) => () => (random() < 0.3 ? 'EIO' : null),
  (random) => (op) => (isChanging(op.call) && random() < 0.1 ? 'ENOSPC' : null),
  (random) => (op) => (!isChanging(op.call) && random() < 0.3 ? 'EIO' : null),
];

/** What a run of a schedule found out. */
export interface Outcome {
  readonly written: number;
  readonly crashes: number;
  /** In the journal more than once. */
  readonly doubled: string[];
  /** Told to be on disk, and not in the journal at the end. */
  readonly lostAfterOk: string[];
  /** Neither in the journal, nor lost by a crash with the ring or the call under way, nor counted. */
  readonly unaccounted: number;
  /** Not in the journal at the end, and counted as lost. */
  readonly gone: number;
  readonly lost: number;
  /** Calls of `kept` whose records were out of order of arrival. */
  readonly disordered: number;
}

const LIMITS: Partial<KeeperLimits> = { ringRecords: 20, emergencyBytes: 1024 * 1024 };

/**
 * Random writes, troubles, reconciliations, kills and power cuts; then everything heals and is reconciled.
 * @param settings `withCrashes` false: all in one life, so that every record is somewhere or counted
 */
export async function runSchedule(random: Random, steps: number, settings: { readonly limits?: Partial<KeeperLimits>; readonly withCrashes?: boolean } = {}): Promise<Outcome> {
  // A clock for each life: the deadlines of a dead process never run out.
  let clock = new ManualClock(AT);
  const journal = new FakeJournal(random);
  const world = { disk: new SimDisk({ jitter: random() < 0.3 ? random : null }), safe: new Set<string>(), mayGo: new Set<string>(), inMemory: new Set<string>(), counted: 0, disordered: 0 };
  const start = (disk: SimDisk): Promise<KeeperKit> => keeperKit({ clock: (clock = new ManualClock(clock.now())), limits: { ...LIMITS, ...settings.limits }, disk });
  let kit = await start(world.disk);
  let written = 0;
  let crashes = 0;

  const write = async (keeper: Keeper): Promise<void> => {
    const records = Array.from({ length: 1 + Math.floor(random() ** 3 * 12) }, () => record((written += 1), { category: oneOf(random, ['looping', 'dtm']) }));
    for (const { id } of records) world.mayGo.add(id);
    const results = await keeper.keepAll(records, 'EIO: journal');
    for (const [index, { id }] of records.entries()) {
      world.mayGo.delete(id);
      (results[index]!.ok ? world.safe : world.inMemory).add(id);
    }
  };
  const drain = async (keeper: Keeper): Promise<void> => {
    const watched: Keeper = {
      ...bound(keeper),
      kept: async (limit) => {
        const kept = await keeper.kept(limit);
        const at = kept.map((one) => one.record.at);
        if (at.some((time, index) => time < (at[index - 1] ?? 0))) world.disordered += 1;
        return kept;
      },
    };
    await reconcile({ keeper: watched, known: (ids) => journal.known(ids), append: (records) => journal.append(records), batch: oneOf(random, [1, 3, 50]) });
  };
  /** True when the power went in the middle of it. */
  const cutShort = async (work: Promise<void>, disk: SimDisk, after: number): Promise<boolean> => {
    let left = after;
    let cut = (): void => {};
    const isCut = new Promise<boolean>((resolve) => (cut = () => resolve(true)));
    disk.faults.onOp = () => {
      left -= 1;
      if (left >= 0) return;
      disk.powerOff();
      cut();
    };
    const result = await Promise.race([work.then(() => false), isCut]);
    disk.faults.onOp = () => {};
    return result;
  };

  for (let step = 0; step < steps; step += 1) {
    clock.advance(Math.floor(random() * 5000));
    const { disk } = kit;
    disk.faults.when = random() < 0.3 ? oneOf(random, TROUBLES)(random) : disk.faults.when;
    journal.failing = oneOf(random, [0, 0, 0.5]);
    const act = random() < 0.75 ? write : random() < 0.8 ? drain : (keeper: Keeper) => keeper.settle();
    if (random() > 0.15 || settings.withCrashes === false) {
      await act(kit.keeper);
      continue;
    }
    crashes += 1;
    const isCut = await cutShort(act(kit.keeper), disk, Math.floor(random() ** 2 * 60));
    const left = random() < 0.3 ? disk.clone() : disk.crash(random, randomCut(random));
    if (!isCut) disk.powerOff();
    // What only memory had goes with it; so do the counters.
    world.counted += kit.keeper.counts().lost;
    for (const id of world.inMemory) world.mayGo.add(id);
    world.inMemory.clear();
    kit = await start(left);
  }
  kit.disk.faults.when = () => null;
  journal.failing = 0;
  await drain(kit.keeper);
  world.counted += kit.keeper.counts().lost;
  const there = new Set(journal.ids);
  const gone = Array.from({ length: written }, (_, n) => record(n + 1).id).filter((id) => !there.has(id));
  return {
    written,
    crashes,
    doubled: journal.ids.filter((id, index) => journal.ids.indexOf(id) !== index),
    lostAfterOk: gone.filter((id) => world.safe.has(id)),
    unaccounted: Math.max(0, gone.filter((id) => !world.mayGo.has(id)).length - world.counted),
    gone: gone.length,
    lost: world.counted,
    disordered: world.disordered,
  };
}

function bound(keeper: Keeper): Keeper {
  return {
    keep: (one, reason) => keeper.keep(one, reason),
    keepAll: (records, reason) => keeper.keepAll(records, reason),
    kept: (limit) => keeper.kept(limit),
    forget: (ids) => keeper.forget(ids),
    settle: () => keeper.settle(),
    counts: () => keeper.counts(),
  };
}
