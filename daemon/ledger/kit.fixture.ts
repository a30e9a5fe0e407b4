import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import type { Brainstem, JsonObject } from '../brainstem/contract.ts';
import type { Ledger, LedgerStats } from './contract.ts';
import { createLedger, type LedgerOptions } from './ledger.ts';
import { fakeBrainstem } from './fake-brainstem.fixture.ts';
import { PENDING_FILE } from './pending-file.ts';

/** 2025-12-18 01:47:41.076 in Chicago, the seeds' own example. */
export const SEED_INSTANT = Date.parse('2025-12-18T01:47:41.076-06:00');

export interface Bench {
  readonly clock: ManualClock;
  readonly brainstem: Brainstem;
  readonly ledger: Ledger;
  readonly base: string;
  /** A document of the tree, parsed. */
  read(file: string): JsonObject & Record<string, any>;
  /** Every file below the base folder, relative, sorted; without the ledger's own pending file. */
  files(): string[];
}

/** A ledger over a temporary folder that is removed when the test ends. */
export function bench(options: Partial<LedgerOptions> & { at?: number; dataDir?: string } = {}): Bench {
  const { at = SEED_INSTANT, dataDir = temporaryFolder(), ...rest } = options;
  const clock = rest.clock instanceof ManualClock ? rest.clock : new ManualClock(at);
  const brainstem = rest.brainstem ?? fakeBrainstem(dataDir);
  const ledger = createLedger({ log: silentLog, queueLimit: 1000, ...rest, brainstem, clock });
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
        .filter((file) => file !== PENDING_FILE)
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
