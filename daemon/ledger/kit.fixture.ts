import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import type { Brainstem, JsonObject } from '../brainstem/contract.ts';
import type { Ledger, LedgerStats } from './contract.ts';
import type { Disk } from './disk/disk.ts';
import type { EngineSettings } from './engine/contract.ts';
import { inlineEngine } from './engine/inline.ts';
import { createLedger, type LedgerOptions } from './ledger.ts';
import { fakeBrainstem } from './fake-brainstem.fixture.ts';

/** 2025-12-18 01:47:41.076 in Chicago, the seeds' own example. */
export const SEED_INSTANT = Date.parse('2025-12-18T01:47:41.076-06:00');

export interface Bench {
  readonly clock: ManualClock;
  readonly brainstem: Brainstem;
  readonly ledger: Ledger;
  readonly base: string;
  /** A document of the tree, parsed. */
  read(file: string): JsonObject & Record<string, any>;
  /** Every file below the base folder, relative, sorted; without the journal and the hidden inodes. */
  files(): string[];
}

export interface BenchOptions extends Partial<Omit<LedgerOptions, 'engine'>> {
  readonly at?: number;
  readonly dataDir?: string;
  readonly disk?: Disk;
  readonly settings?: Partial<EngineSettings>;
}

/** Everything is made durable and shown when `flush` asks for it, and at no other time. */
const ON_DEMAND: EngineSettings = { syncMs: 3_600_000, leafFlushMs: 3_600_000, coarseFlushMs: 3_600_000, maxViewBytes: 64 << 20 };

/** A ledger over a temporary folder that is removed when the test ends. */
export function bench(options: BenchOptions = {}): Bench {
  const { at = SEED_INSTANT, dataDir = temporaryFolder(), disk, settings, ...rest } = options;
  const clock = rest.clock instanceof ManualClock ? rest.clock : new ManualClock(at);
  const brainstem = rest.brainstem ?? fakeBrainstem(dataDir);
  const engine = inlineEngine({ brainstem, clock, settings: { ...ON_DEMAND, ...settings }, ...(disk === undefined ? {} : { disk }) });
  const ledger = createLedger({ log: silentLog, queueLimit: 1000, ...rest, brainstem, clock, engine });
  const { base } = brainstem;
  return {
    clock,
    brainstem,
    ledger,
    base,
    read: (file) => JSON.parse(readFileSync(path.join(base, file), 'utf8')) as JsonObject,
    files: () =>
      readdirSync(base, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(base, path.join(entry.parentPath, entry.name)))
        .filter((file) => !file.startsWith('.ledger/'))
        .sort(),
  };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** True when every accepted entry is in exactly one place. */
export function addsUp(stats: LedgerStats): boolean {
  return stats.accepted === stats.written + stats.queued + stats.backup + stats.emergency + stats.lost;
}
