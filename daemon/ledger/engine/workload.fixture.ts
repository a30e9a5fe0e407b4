import path from 'node:path';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { Brainstem, FileType, JsonObject, Level, ViewTarget } from '../../brainstem/contract.ts';
import { packageRoot } from '../../version.ts';
import { oneOf, type Random } from '../disk/sim-content.fixture.ts';
import type { SimDisk } from '../disk/sim-disk.fixture.ts';
import type { NewRecord } from '../journal/record.ts';

/** Every tree with a component that writes to it. */
export const FAMILIES: readonly (readonly [FileType, string])[] = [
  ['ledger', 'dtm'],
  ['math_proof', 'dtm'],
  ['submission', 'looping'],
  ['rejection', 'looping'],
  ['look_at', 'brain'],
  ['system_report', 'miners'],
  ['system_report', 'looping'],
  ['error_report', 'miners'],
  ['error_report', 'dtm'],
];

/** The repository's blueprint; its paths begin at `dataDir`. */
export function realBrainstem(dataDir = '/data'): Brainstem {
  return createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir, mode: 'demo', clock: new ManualClock(), log: silentLog });
}

/**
 * The same without most roll-ups and indexes of the levels between: a crash then costs half to look at. What a roll-up may
 * name as its source stays.
 */
export function leanBrainstem(brainstem: Brainstem, levels: readonly Level[]): Brainstem {
  const known = new Map<readonly ViewTarget[], readonly ViewTarget[]>();
  const lean = Object.create(brainstem) as Brainstem;
  lean.viewTargetsOf = (...args) => {
    const all = brainstem.viewTargetsOf(...args);
    let some = known.get(all);
    if (some === undefined) known.set(all, (some = all.filter(({ role, level, path: file }) => role === 'period' || levels.includes(level) || (role === 'aggregated' && file.startsWith('System/')))));
    return some;
  };
  for (const name of ['base', 'dataDir', 'mode', 'timeZone', 'componentIds'] as const) Object.defineProperty(lean, name, { value: brainstem[name] });
  const texts = new Map<string, string>();
  lean.instantiate = (template, options) => {
    const key = `${template} ${JSON.stringify(options)}`;
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = JSON.stringify(brainstem.instantiate(template, options))));
    return JSON.parse(text) as JsonObject;
  };
  for (const name of ['timeParts', 'bucketOf', 'zoneOffset', 'componentFolder', 'componentLabel'] as const) Object.defineProperty(lean, name, { value: brainstem[name].bind(brainstem) });
  return lean;
}

/** Makes records like the daemon's, with whatever the totals look at. */
export class RecordSource {
  readonly #brainstem: Brainstem;
  readonly #random: Random;
  readonly #families: readonly (readonly [FileType, string])[];
  readonly #tag: string;
  count = 0;

  constructor(brainstem: Brainstem, random: Random, families = FAMILIES, tag = 'e') {
    [this.#brainstem, this.#random, this.#families, this.#tag] = [brainstem, random, families, tag];
  }

  /** @param now when it arrives @param at when it happened: decides its hour */
  next(now: number, at = now): NewRecord {
    const [kind, category] = oneOf(this.#random, this.#families);
    this.count += 1;
    const id = `${this.#tag}${this.count}`;
    const zone = this.#brainstem.zoneOffset(now);
    const entry = { id, ...this.#fields(kind), note: 'é\u2028"'.repeat(Math.floor(this.#random() ** 4 * 200)) };
    return { at: now, zone, kind, category, bucket: this.#brainstem.bucketOf(at), id, entryText: JSON.stringify(entry) };
  }

  start(now: number): NewRecord {
    this.count += 1;
    return { at: now, zone: this.#brainstem.zoneOffset(now), kind: 'start', category: 'brainstem', bucket: this.#brainstem.bucketOf(now), id: `${this.#tag}start${this.count}`, entryText: '{}' };
  }

  #fields(kind: FileType): JsonObject {
    const random = this.#random;
    const whole = (most: number): number => Math.floor(random() * most);
    const isBlock = random() < 0.1;
    switch (kind) {
      case 'ledger':
        return { hashes_tried: whole(1e9), difficulty: random() * 10 ** whole(12), leading_zeros: whole(80), is_block: isBlock, verdict: oneOf(random, ['accepted', 'rejected', null]) };
      case 'math_proof':
        return { difficulty: random() * 1000, is_block: isBlock };
      case 'submission':
        return { status: oneOf(random, ['accepted', 'rejected', 'orphaned', 'pending', 'odd']), is_block: isBlock };
      case 'rejection':
        return { reason: oneOf(random, ['stale', 'invalid_nonce', 'network_error']) };
      case 'look_at':
        return { severity: 'warning', reason: oneOf(random, ['clock_step', 'file_damaged']), message: 'look', path: null, references: {} };
      case 'system_report':
        return { event: oneOf(random, ['mining_round_complete', 'mining_session_start', 'other']), attempts_this_round: whole(1e6), blocks_found: whole(3), component: oneOf(random, ['Production-Miner', 'Looping']) };
      case 'error_report':
        return { severity: oneOf(random, ['critical', 'error', 'warning', 'info']), error_type: oneOf(random, ['hardware_error', 'mining_timeout']), component: 'Production-Miner', message: 'wrong' };
    }
  }
}

/** Reads files of the tree past all faults; null for what is not there. */
export function reader(disk: SimDisk, base: string): (file: string) => Buffer | null {
  const there = new Set(disk.files(base));
  return (file) => (there.has(path.join(base, file)) ? disk.bytes(path.join(base, file)) : null);
}
