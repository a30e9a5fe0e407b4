import path from 'node:path';
import type { Clock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import { patientDisk } from '../disk/patient-disk.ts';
import type { NewRecord } from '../journal/record.ts';
import type { Keeper, KeeperCounts, KeepResult, KeptRecord } from './contract.ts';
import { decodeFirstForm } from './first-form.ts';
import { decodeKept, insideOnly, plainName } from './kept-entry.ts';
import type { KeptDamage, KeptRef } from './layer.ts';
import { LayerFolder, type Placed } from './layer-folder.ts';
import { MemoryRing } from './memory-ring.ts';
import { mergeByOrder } from './merge.ts';
import { OneAtATime } from './one-at-a-time.ts';

export interface KeeperLimits {
  /** Most files in `Backup_Logs`. */
  readonly backupFiles: number;
  /** Size of one emergency log; there are at most two for a component. */
  readonly emergencyBytes: number;
  readonly ringRecords: number;
  readonly ringBytes: number;
  /** Most time one call to the disk may take. */
  readonly diskTimeoutMs: number;
}

export const KEEPER_LIMITS: KeeperLimits = { backupFiles: 100_000, emergencyBytes: 16 * 1024 * 1024, ringRecords: 1000, ringBytes: 1024 * 1024, diskTimeoutMs: 10_000 };

export interface KeeperOptions {
  readonly disk: Disk;
  /** Absolute path of the mode's base folder. */
  readonly base: string;
  readonly brainstem: Pick<Brainstem, 'bucketOf' | 'componentFolder' | 'timeParts' | 'viewTargetsOf' | 'zoneOffset'>;
  readonly clock: Clock;
  /**
   * A folder on another file system (a USB stick, a memory file system) that holds layers 1 and 2; it must exist. While
   * it is away or refuses, the base folder takes its place. What is found in either is read back.
   */
  readonly backupFolder?: string | null | undefined;
  /** A file or line that is no record; once for each in a run. */
  readonly onDamage?: ((damage: KeptDamage) => void) | undefined;
  /** Records that are gone, counted in `lost` as well. */
  readonly onLost?: ((lost: { readonly records: number; readonly reason: string }) => void) | undefined;
  readonly limits?: Partial<KeeperLimits> | undefined;
}

/** Most records that are written with one sync of a folder: bounds what a cut in between costs. */
const CHUNK = 256;

/** Damage is told once; beyond this many, whenever it is met. */
const MOST_TOLD = 10_000;

/** The lower layers below a base folder. Touches nothing on disk until the first call. */
export function createKeeper(options: KeeperOptions): Keeper {
  return new LayeredKeeper(options);
}

class LayeredKeeper implements Keeper {
  readonly #options: KeeperOptions;
  readonly #folders: readonly LayerFolder[];
  readonly #ring: MemoryRing<Placed>;
  readonly #turns = new OneAtATime();
  #order = 0;
  #lost = 0;
  #unreadable = 0;
  readonly #told = new Set<string>();

  constructor(options: KeeperOptions) {
    const limits = { ...KEEPER_LIMITS, ...options.limits };
    const { backupFolder, base, brainstem, clock, disk } = options;
    this.#options = options;
    this.#ring = new MemoryRing({ records: limits.ringRecords, bytes: limits.ringBytes }, ({ kept }) => kept.record.entryText.length);
    const roots = backupFolder ? [{ root: backupFolder, mustExist: true }, { root: base, mustExist: false }] : [{ root: base, mustExist: false }];
    this.#folders = roots.map(
      ({ root, mustExist }) =>
        new LayerFolder({
          root,
          mustExist,
          // Two file systems hang one by one.
          disk: patientDisk(disk, clock, limits.diskTimeoutMs),
          limits,
          decode: (value, component) => decodeKept(value) ?? decodeFirstForm(value, component, brainstem),
          onDamage: (damage) => this.#onDamage(damage),
          onDropped: (records, file) => this.#onLost(records, `${file} was full and the log after it as well`),
        }),
    );
  }

  async keep(record: NewRecord, reason: string): Promise<KeepResult> {
    const [result] = await this.keepAll([record], reason);
    return result as KeepResult;
  }

  keepAll(records: readonly NewRecord[], reason: string): Promise<readonly KeepResult[]> {
    const placed = records.map((record) => this.#place(record, reason));
    return this.#turns.run(async () => {
      const results: KeepResult[] = [];
      for (let from = 0; from < placed.length; from += CHUNK) results.push(...(await this.#keepSome(placed.slice(from, from + CHUNK))));
      if (results.some(({ ok }) => ok)) await this.#settleRing();
      return results;
    });
  }

  settle(): Promise<void> {
    return this.#turns.run(() => this.#settleRing());
  }

  kept(limit: number, wanted: (record: NewRecord) => boolean = () => true): Promise<readonly KeptRecord[]> {
    return this.#turns.run(async () => {
      // What cannot be read now is tried again by the next call.
      for (const folder of this.#folders) await folder.load().catch(() => {});
      return this.#read(limit, wanted);
    });
  }

  forget(ids: ReadonlySet<string>): Promise<void> {
    return this.#turns.run(async () => {
      this.#ring.retain(({ kept }) => !ids.has(kept.record.id));
      for (const folder of this.#folders) await folder.forget(ids);
    });
  }

  counts(): KeeperCounts {
    let backup = 0;
    let emergency = 0;
    for (const folder of this.#folders) {
      backup += folder.backups;
      emergency += folder.emergencies;
    }
    return { backup, emergency, ring: this.#ring.items.length, lost: this.#lost, unreadable: this.#unreadable };
  }

  #place(record: NewRecord, reason: string): Placed {
    const { clock, brainstem } = this.#options;
    const now = clock.now();
    this.#order = Math.max(Math.floor(now), this.#order + 1);
    const { component, wanted } = this.#whereTo(record);
    return { component, kept: { order: this.#order, time: timeText(now, brainstem), path: wanted, reason, record } };
  }

  #whereTo({ kind, category, bucket }: NewRecord): { component: string; wanted: string } {
    const { brainstem } = this.#options;
    let component = category;
    try {
      component = brainstem.componentFolder(category);
      if (kind !== 'start') {
        const hour = brainstem.viewTargetsOf(kind, category, bucket).find(({ level, role }) => level === 'hour' && role === 'period');
        if (hour !== undefined) return { component, wanted: insideOnly(hour.path) };
      }
    } catch {
      // The blueprint has no place for it: the record is kept all the same.
    }
    return { component: plainName(component), wanted: insideOnly(`${kind}/${bucket}/${kind}.json`) };
  }

  async #keepSome(placed: readonly Placed[]): Promise<KeepResult[]> {
    const attempts = placed.map((item) => ({ item, reasons: [item.kept.reason], result: null as KeepResult | null }));
    await this.#tryDisk(attempts);
    return attempts.map(({ item, reasons, result }) => {
      if (result !== null) return result;
      const pushedOut = this.#ring.push(item);
      if (pushedOut.length > 0) this.#onLost(pushedOut.length, 'the ring in memory is full');
      return { ok: false, layer: 3, path: item.kept.path, reason: reasons.join('; ') };
    });
  }

  /** Layer 1 in every folder, then layer 2 in every folder. */
  async #tryDisk(attempts: readonly Attempt[]): Promise<void> {
    for (const layer of [1, 2] as const) {
      for (const folder of this.#folders) {
        const open = attempts.filter(({ result }) => result === null);
        if (open.length === 0) return;
        const outcomes = await folder.put(layer, open.map(({ item }) => item));
        for (const [index, attempt] of open.entries()) {
          const outcome = outcomes[index];
          if (outcome instanceof Error || outcome === undefined) attempt.reasons.push(`${layer === 1 ? 'backup' : 'emergency log'}: ${messageOf(outcome)}`);
          else attempt.result = { ok: true, layer, path: this.#shown(folder.root, outcome), reason: attempt.reasons.join('; ') };
        }
      }
    }
  }

  #shown(root: string, file: string): string {
    return root === this.#options.base ? file : path.join(root, file);
  }

  async #settleRing(): Promise<void> {
    while (this.#ring.items.length > 0) {
      const attempts = this.#ring.items.slice(0, CHUNK).map((item) => ({ item, reasons: [item.kept.reason], result: null as KeepResult | null }));
      await this.#tryDisk(attempts);
      const settled = new Set(attempts.filter(({ result }) => result !== null).map(({ item }) => item));
      this.#ring.retain((item) => !settled.has(item));
      if (settled.size < attempts.length) return;
    }
  }

  async #read(limit: number, wanted: (record: NewRecord) => boolean): Promise<KeptRecord[]> {
    const ring = this.#ring.items.map(({ kept }): KeptRef => ({ order: kept.order, layer: 3, read: () => Promise.resolve(kept) }));
    const records = new Map<string, KeptRecord>();
    for (const ref of mergeByOrder([...this.#folders.flatMap((folder) => folder.stores()).map((store) => store.refs()), ring])) {
      if (records.size >= limit) break;
      const record = await this.#readOne(ref);
      if (record !== null && !records.has(record.id) && wanted(record)) records.set(record.id, { record, layer: ref.layer });
    }
    return [...records.values()];
  }

  /** Null when it is damaged, which the layer has told, or the disk refuses: others may be readable. */
  async #readOne(ref: KeptRef): Promise<NewRecord | null> {
    this.#order = Math.max(this.#order, ref.order);
    try {
      return (await ref.read()).record;
    } catch {
      return null;
    }
  }

  #onDamage(damage: KeptDamage): void {
    const key = `${damage.file}@${damage.offset}`;
    if (this.#told.has(key)) return;
    if (this.#told.size < MOST_TOLD) this.#told.add(key);
    this.#unreadable += 1;
    quietly(() => this.#options.onDamage?.(damage));
  }

  #onLost(records: number, reason: string): void {
    this.#lost += records;
    quietly(() => this.#options.onLost?.({ records, reason }));
  }
}

function timeText(now: number, brainstem: Pick<Brainstem, 'timeParts'>): string {
  try {
    return brainstem.timeParts(now).iso;
  } catch {
    return String(now);
  }
}

interface Attempt {
  readonly item: Placed;
  readonly reasons: string[];
  result: KeepResult | null;
}

/** A callback that throws must not cost a record. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // Nobody left to tell.
  }
}
