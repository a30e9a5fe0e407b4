import path from 'node:path';
import { uniform } from '../../../sim/random.fixture.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import type { DiskCall, DiskOp } from '../disk/disk-faults.fixture.ts';
import { oneOf, randomCut, type Random } from '../disk/sim-content.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { readAll } from '../journal/kit.fixture.ts';
import type { NewRecord } from '../journal/record.ts';
import type { EngineSettings } from './contract.ts';
import type { LedgerEngine } from './engine.ts';
import { makeEngine } from './inline.ts';
import { NaiveTree } from './naive-model.fixture.ts';
import { FAMILIES, leanBrainstem, reader, realBrainstem, RecordSource } from './workload.fixture.ts';

export interface CrashRunOptions {
  readonly seed: number;
  /** Moments of the run at which the power is cut; there are more states, since the power is also cut while that is put right. */
  readonly moments: number;
  /** Trees it writes to: with one a state costs less to look at, two share roll-ups. */
  readonly families: 1 | 2;
  /** A disk whose syncs do nothing: the run must then find something. */
  readonly lies?: boolean;
  /** Only this moment, for looking into a failure. */
  readonly only?: number | undefined;
}

/** What was promised when the power went. */
interface Moment {
  readonly disk: SimDisk;
  readonly promised: ReadonlySet<string>;
  readonly accepted: ReadonlySet<string>;
  readonly now: number;
  readonly op: DiskOp;
}

/** Between writing and syncing, and around every change of a name, is where the trouble is. */
const WEIGHT: Readonly<Record<DiskCall, number>> = { datasync: 4, rename: 4, link: 3, syncFolder: 4, write: 2, create: 2, truncate: 3, unlink: 2, rmdir: 2, mkdir: 2, open: 0.2, stat: 0.05, read: 0.02, readdir: 0.1 };

/** Keeps `most` of the moments offered, each with a chance by its weight. */
class Sample<T> {
  readonly #random: Random;
  readonly #most: number;
  readonly #kept: { readonly key: number; readonly value: T }[] = [];

  constructor(random: Random, most: number) {
    [this.#random, this.#most] = [random, most];
  }

  offer(weight: number, make: () => T): void {
    const key = this.#random() ** (1 / weight);
    if (this.#kept.length >= this.#most && key <= this.#kept[0]!.key) return;
    if (this.#kept.length >= this.#most) this.#kept.shift();
    const at = this.#kept.findIndex((other) => other.key > key);
    this.#kept.splice(at < 0 ? this.#kept.length : at, 0, { key, value: make() });
  }

  get values(): T[] {
    return this.#kept.map(({ value }) => value);
  }
}

let brainstem: Brainstem | null = null;

const quiet = (): Promise<void> => new Promise(setImmediate);

/**
 * One run of the engine on a simulated disk, its power cut at many moments: what each cut leaves is looked at as it is,
 * put right by a new engine, and compared with plain counting.
 * @returns how many states were looked at
 * @throws naming the seed and the moment when one of them is wrong
 */
export async function crashRun(options: CrashRunOptions): Promise<number> {
  const run = new CrashRun(options);
  return run.go();
}

class CrashRun {
  readonly #options: CrashRunOptions;
  readonly #random: Random;
  readonly #brainstem: Brainstem;
  readonly #settings: EngineSettings;
  readonly #families: typeof FAMILIES;
  readonly #moments: Sample<Moment>;
  readonly #clock: ManualClock;
  readonly #source: RecordSource;
  readonly #promised = new Set<string>();
  readonly #accepted = new Set<string>();
  readonly #sound = new WeakSet<object>();
  #states = 0;

  constructor(options: CrashRunOptions) {
    this.#options = options;
    const random = uniform(options.seed);
    this.#random = random;
    this.#moments = new Sample(uniform(options.seed + 1), options.moments);
    this.#brainstem = leanBrainstem((brainstem ??= realBrainstem()), ['hour', oneOf(random, ['day', 'week', 'month', 'year'] as const), 'root']);
    const first = Math.floor(random() * FAMILIES.length);
    this.#families = [FAMILIES[first]!, FAMILIES[(first + 1) % FAMILIES.length]!].slice(0, options.families);
    this.#settings = { syncMs: oneOf(random, [0, 1_000, 5_000]), leafFlushMs: oneOf(random, [0, 5_000]), coarseFlushMs: 20_000, maxViewBytes: oneOf(random, [1_500, 5_000, 1 << 20]), segmentBytes: oneOf(random, [1 << 15, 1 << 16, 1 << 17]) };
    this.#clock = new ManualClock(Date.parse(oneOf(random, ['2025-12-31T22:40:00-06:00', '2026-11-01T00:30:00-05:00', '2026-03-10T13:50:00-05:00'])));
    this.#source = new RecordSource(this.#brainstem, random, this.#families);
  }

  async go(): Promise<number> {
    await this.#work();
    for (const [index, moment] of this.#moments.values.entries()) {
      if (this.#options.only !== undefined && index !== this.#options.only) continue;
      const random = uniform(this.#options.seed * 100_003 + index);
      try {
        await this.#cut(moment, random, 1);
      } catch (error) {
        const { n, call, path: file } = moment.op;
        throw new Error(`seed ${this.#options.seed}, moment ${index} (call ${n}, before ${call} ${file}): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
    return this.#states;
  }

  /** The life of a ledger: bursts and pauses, hours that end, late entries, flushes, restarts in good order and kills. */
  async #work(): Promise<void> {
    const random = this.#random;
    let disk = new SimDisk({ jitter: random() < 0.3 ? random : null });
    await disk.mkdir(this.#brainstem.base);
    for (let folder = this.#brainstem.base; folder !== '/'; folder = path.dirname(folder)) await disk.syncFolder(path.dirname(folder));
    let engine = this.#start(disk);
    for (let step = 0; step < 30; step += 1) {
      const now = this.#clock.now();
      const batch = Array.from({ length: Math.floor(random() ** 2 * 6) }, () => this.#source.next(now, random() < 0.03 ? now - 5_400_000 : now));
      this.#accept(engine, batch);
      const luck = random();
      this.#clock.advance(Math.floor(luck < 0.1 ? 3_000_000 * random() : luck < 0.5 ? 300 : 25_000 * random()));
      if (random() < 0.7) await quiet();
      if (random() < 0.05) await engine.flush();
      if (random() < 0.03) {
        await engine.close();
        engine = this.#start(disk);
      } else if (random() < 0.03) {
        const killed = disk;
        disk = killed.clone();
        killed.powerOff();
        engine = this.#start(disk);
      }
    }
    await engine.flush();
  }

  #accept(engine: LedgerEngine, records: readonly NewRecord[]): void {
    for (const { id } of records) this.#accepted.add(id);
    engine.accept(records);
  }

  #start(disk: SimDisk): LedgerEngine {
    disk.lies = () => this.#options.lies === true;
    disk.faults.onOp = (op) => {
      this.#moments.offer(WEIGHT[op.call], () => ({ disk: disk.clone(), promised: new Set(this.#promised), accepted: new Set(this.#accepted), now: this.#clock.now(), op }));
    };
    const order: string[] = [];
    let known = 0;
    const engine = makeEngine({ brainstem: this.#brainstem, clock: this.#clock, settings: this.#settings, disk }, (event) => {
      if (event.kind !== 'counts') return;
      // Without faults entries become durable in the order they came.
      for (; known < event.counts.written; known += 1) this.#promised.add(order[known]!);
    });
    const accept = engine.accept.bind(engine);
    engine.accept = (records) => {
      order.push(...records.map(({ id }) => id));
      accept(records);
    };
    void engine.open();
    return engine;
  }

  /** @param depth how many cuts there were, this one included */
  async #cut(moment: Moment, random: Random, depth: number): Promise<void> {
    const killed = random() < 0.1;
    const left = killed ? moment.disk.clone() : moment.disk.crash(random, randomCut(random));
    this.#states += 1;
    this.#looksSound(left);
    const again = new Sample<Moment>(random, 1);
    const record = (op: DiskOp): void => again.offer(WEIGHT[op.call], () => ({ ...moment, disk: left.clone(), op }));
    if (depth < 3 && random() < 0.5) left.faults.onOp = record;
    const clock = new ManualClock(moment.now + Math.floor((random() - 0.2) * 10_000_000));
    const damage: string[] = [];
    const engine = makeEngine({ brainstem: this.#brainstem, clock, settings: this.#settings, disk: left }, (event) => {
      if (event.kind === 'damage') damage.push(`${event.file}: ${event.what}`);
    });
    void engine.open();
    const source = new RecordSource(this.#brainstem, random, this.#families, `after${depth}x`);
    const more = Array.from({ length: Math.floor(random() * 4) }, () => source.next(clock.now()));
    engine.accept(more);
    await engine.flush();
    left.faults.onOp = () => {};
    try {
      await this.#isRight(left, moment, more);
      if (damage.length > 0) throw new Error(`a cut is no damage, yet it was told of ${damage.join('; ')}`);
    } catch (error) {
      throw new Error(`${killed ? 'kill' : 'cut'} ${depth}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    for (const next of again.values) await this.#cut({ ...next, accepted: new Set([...moment.accepted, ...more.map(({ id }) => id)]) }, random, depth + 1);
  }

  /** Every file a reader may open is whole, before anything was done about the cut. */
  #looksSound(disk: SimDisk): void {
    for (const file of publicFiles(disk, this.#brainstem.base)) {
      const frozen = disk.frozen(file);
      if (frozen !== null && this.#sound.has(frozen)) continue;
      try {
        JSON.parse(disk.bytes(file).toString());
      } catch (error) {
        throw new Error(`${file} is broken (${disk.bytes(file).length} bytes): ${String(error)}`, { cause: error });
      }
      if (frozen !== null) this.#sound.add(frozen);
    }
  }

  async #isRight(disk: SimDisk, { promised, accepted }: Moment, more: readonly NewRecord[]): Promise<void> {
    const { base } = this.#brainstem;
    const { found } = await readAll(path.join(base, '.ledger/journal'), {}, disk);
    const ids = new Set(found.map(({ record }) => record.id));
    if (ids.size !== found.length) throw new Error('an entry is in the journal twice');
    for (const id of [...promised, ...more.map((record) => record.id)]) if (!ids.has(id)) throw new Error(`${id} was promised and is not in the journal`);
    for (const { record } of found) if (!accepted.has(record.id) && !more.some(({ id }) => id === record.id)) throw new Error(`${record.id} is in the journal and was never accepted`);
    for (const { record, chainOk } of found) if (chainOk === false) throw new Error(`the chain breaks at ${record.seq}`);
    const tree = new NaiveTree(this.#brainstem, found.map(({ record }) => record));
    const [first] = tree.differences(reader(disk, base));
    if (first !== undefined) throw new Error(first);
    const known = new Set(tree.paths);
    for (const file of publicFiles(disk, base)) if (!known.has(path.relative(base, file).replace(/\.\d{4}\.json$/, '.json'))) throw new Error(`${file} is nothing of ours`);
  }
}

/** What a person sees as files of the tree; anything moved aside among them. */
function publicFiles(disk: SimDisk, base: string): string[] {
  return disk.files(base).filter((file) => file.includes('.json') && !file.startsWith(path.join(base, '.ledger/')));
}
