import path from 'node:path';
import { uniform } from '../../../sim/random.fixture.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { Brainstem, FileType, JsonObject } from '../../brainstem/contract.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { NaiveTree } from '../engine/naive-model.fixture.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import type { LedgerRecord } from '../journal/record.ts';
import type { Tier } from './open-view.ts';
import { ViewSet, type RoundResult, type ViewSetOptions } from './view-set.ts';

export const ALL: readonly Tier[] = ['leaf', 'coarse'];
export const START = Date.parse('2025-12-18T01:47:41.076-06:00');
export const HOUR_MS = 3_600_000;

/** Random entries like the daemon's. */
export class Records {
  readonly all: LedgerRecord[] = [];
  readonly #random: () => number;
  readonly #hostile: boolean;
  readonly #brainstem: Brainstem;

  /** @param hostile also with what no daemon of ours would write */
  constructor(seed: number, brainstem: Brainstem, hostile = false) {
    this.#hostile = hostile;
    this.#random = uniform(seed);
    this.#brainstem = brainstem;
  }

  /** @param at when it happened: decides its hour; it arrives then too unless told otherwise */
  add(kind: FileType, at = START, entry: JsonObject = this.#entry(kind), arrival = at): LedgerRecord {
    const category = { ledger: 'dtm', math_proof: 'dtm', submission: 'looping', rejection: 'looping', look_at: 'brain', system_report: 'miners', error_report: 'dtm' }[kind];
    return this.#push({ at: arrival, kind, category, bucket: this.#brainstem.bucketOf(at), entryText: JSON.stringify({ id: `e${this.all.length + 1}`, ...entry }) });
  }

  /** A run begins. */
  start(settings: JsonObject, at = START): LedgerRecord {
    return this.#push({ at, kind: 'start', category: 'brainstem', bucket: this.#brainstem.bucketOf(at), entryText: JSON.stringify(settings) });
  }

  /** Any entry. @param hours how far it may lie from START */
  any(hours: number): LedgerRecord {
    const kinds = ['ledger', 'math_proof', 'submission', 'rejection', 'look_at', 'system_report', 'error_report'] as const;
    return this.add(kinds[Math.floor(this.#random() * kinds.length)]!, START + Math.floor(this.#random() * hours * HOUR_MS), undefined, START + this.all.length * 1000);
  }

  #push(record: Omit<LedgerRecord, 'seq' | 'id' | 'chain' | 'zone'>): LedgerRecord {
    const seq = this.all.length + 1;
    const made = { ...record, seq, id: `e${seq}`, chain: '', zone: this.#brainstem.zoneOffset(record.at) };
    this.all.push(made);
    return made;
  }

  #entry(kind: FileType): JsonObject {
    const random = this.#random;
    const one = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!;
    const odd = <T>(...values: T[]): T[] => (this.#hostile ? values : []);
    const difficulty = one(0, 1, 0.1, 1e-9, 4096, random() * 1000, null, ...odd(2 ** 52 + 1, 1e300));
    switch (kind) {
      case 'ledger':
        return { hashes_tried: one(1, 4e9, 0, null, ...odd(2 ** 53 - 1, 1e21)), difficulty, leading_zeros: one(3, 70, null), is_block: one(true, false) };
      case 'math_proof':
        return { difficulty, is_block: one(true, false) };
      case 'submission':
        return { status: one('accepted', 'rejected', 'pending'), network_response: { response_time_ms: one(0.1, 12.3456, null, ...odd(1e300, -5)) } };
      case 'rejection':
      case 'look_at':
        return { reason: one('stale', '7', 'say "no"', '\u0000int:5', ...odd('__proto__')) };
      case 'system_report':
        return { event: one('mining_round_complete', 'mining_session_start'), attempts_this_round: one(5, 4e9), blocks_found: one(0, 1, 2, ...odd(0.1, 1e300)), component: one('a', 'b') };
      default:
        return { severity: one('error', 'critical'), error_type: one('x', 'y'), note: 'z'.repeat(Math.floor(random() * 300)) };
    }
  }
}

/** A set of files over a simulated disk, with a journal that never fails unless told. */
export class Tree {
  readonly disk: SimDisk;
  readonly brainstem: Brainstem;
  readonly records: Records;
  /** What the journal would hand to the next run. */
  notes = new Map<unknown, JsonObject>();
  damage: string[] = [];
  /** Records that may be read from the journal. */
  durable = 0;
  /** Read from the journal so far. */
  read = 0;
  journalFails = false;
  nowMs = 0;
  views: ViewSet;
  readonly #options: Partial<ViewSetOptions>;

  constructor(seed = 1, options: Partial<ViewSetOptions> = {}, disk = new SimDisk(), brainstem = fakeBrainstem('/data')) {
    this.disk = disk;
    this.brainstem = brainstem;
    this.records = new Records(seed, brainstem);
    this.#options = options;
    this.views = this.#open();
  }

  #open(): ViewSet {
    const tree = this;
    return new ViewSet({
      disk: this.disk,
      base: this.brainstem.base,
      blueprint: this.brainstem,
      maxViewBytes: 1 << 20,
      monotonic: () => this.nowMs,
      stamp: () => `t${this.nowMs}`,
      records: async function* (from) {
        if (tree.journalFails) throw new Error('EIO: the journal cannot be read');
        for (const record of tree.records.all.slice(from - 1, tree.durable)) {
          tree.read += 1;
          yield record;
        }
      },
      onWrite: () => {},
      onSync: () => {},
      onDamage: (file, what) => this.damage.push(`${file}: ${what}`),
      ...this.#options,
    });
  }

  /** Hands over what was made since the last time. */
  take(): void {
    for (const record of this.records.all.slice(this.durable)) this.views.take(record);
    this.durable = this.records.all.length;
  }

  /** Takes everything and runs a round. @param keepNotes false: the process dies before the journal has the notes */
  async round(tiers: readonly Tier[] = ALL, keepNotes = true): Promise<RoundResult> {
    this.take();
    const result = await this.views.round(tiers);
    if (keepNotes) this.#keep(result.notes);
    return result;
  }

  #keep(notes: readonly JsonObject[]): void {
    for (const note of JSON.parse(JSON.stringify(notes)) as JsonObject[]) {
      if (note.closed === true) this.notes.delete(note.p);
      else this.notes.set(note.p, note);
    }
  }

  /** A new segment of the journal is begun: its head says it all. */
  rotate(): void {
    this.notes.clear();
    this.#keep(this.views.notes());
  }

  /** A new run over the same disk and journal. */
  async restart(): Promise<void> {
    this.views = this.#open();
    this.durable = this.records.all.length;
    await this.views.restore([...this.notes.values()], this.durable);
  }

  /** A document of the tree; null when it is not there. */
  document(file: string): any {
    const bytes = this.bytes(file);
    return bytes === null ? null : JSON.parse(bytes.toString());
  }

  bytes(file: string): Buffer | null {
    try {
      return this.disk.bytes(this.at(file));
    } catch {
      return null;
    }
  }

  /** Absolute. */
  at(file: string): string {
    return path.join(this.brainstem.base, file);
  }

  /** Every file but the hidden ones, relative. */
  files(): string[] {
    const { base } = this.brainstem;
    return this.disk.files().filter((file) => file.startsWith(base)).map((file) => path.relative(base, file)).filter((file) => !file.startsWith('.ledger'));
  }

  get shadows(): string[] {
    return this.disk.files(this.at('.ledger/shadow'));
  }

  /** What plain counting finds wrong. */
  wrong(): string[] {
    return new NaiveTree(this.brainstem, this.records.all).differences((file) => this.bytes(file));
  }

  /** Every file and its bytes. */
  contents(): Record<string, string> {
    return Object.fromEntries(this.files().map((file) => [file, this.bytes(file)!.toString()]));
  }

  /** The same records, made into files from nothing in one go. */
  async fresh(): Promise<Record<string, string>> {
    const other = new Tree(0, this.#options);
    other.records.all.push(...this.records.all);
    await other.round();
    return other.contents();
  }

  localIso(record: LedgerRecord): string {
    return localIso(record.at, record.zone);
  }
}
