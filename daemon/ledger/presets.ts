import type { LEDGER_PRESETS, RigConfig } from '../../config/schema.ts';
import type { Mode } from '../brainstem/contract.ts';

export type PresetName = (typeof LEDGER_PRESETS)[number];

/** How long entries may wait, milliseconds. Blocks are synced at once whatever these say. */
export interface LedgerTimes {
  /** For the journal to be synced; 0 = every batch is. A power cut loses at most this much. */
  readonly syncMs: number;
  /** Between two publications of the files of an hour. */
  readonly leafFlushMs: number;
  /** Between two publications of the files of a day and everything above. */
  readonly coarseFlushMs: number;
}

/** What the ledger runs with. */
export interface LedgerSettings extends LedgerTimes {
  readonly preset: PresetName;
  /** Size at which a file with entries is closed and its next part begun. */
  readonly maxViewBytes: number;
  /** Entries that may wait for the disk before they are counted as lost. */
  readonly queueLimit: number;
  /** Folder for the fallback layers on disk; null = below the base folder. */
  readonly backupDir: string | null;
}

/**
 * A coarse file costs its padded head and a share of a directory at every publication, however little is new: on a card,
 * bytes a day follow from how rarely that happens. Files are brought up to date before anybody asks for them, so a long
 * interval shows only to who opens them by himself.
 */
export const PRESETS: Readonly<Record<PresetName, LedgerTimes>> = {
  'sd-card': { syncMs: 5000, leafFlushMs: 60_000, coarseFlushMs: 600_000 },
  ssd: { syncMs: 1000, leafFlushMs: 1000, coarseFlushMs: 5000 },
  paranoid: { syncMs: 0, leafFlushMs: 1000, coarseFlushMs: 5000 },
};

/** @param ledger the `ledger` part of the configuration: single keys go before the preset @param mode in demo mode what happens shall show at once */
export function resolvePreset(ledger: RigConfig['ledger'], mode?: Mode): LedgerSettings {
  const preset = ledger.preset ?? (mode === 'demo' ? 'ssd' : 'sd-card');
  const times = PRESETS[preset];
  const leafFlushMs = ledger.leaf_flush_ms ?? times.leafFlushMs;
  return {
    preset,
    syncMs: ledger.sync_ms ?? times.syncMs,
    leafFlushMs,
    // Published in one go, an hour file comes before the files that count it: they cannot be ahead of it.
    coarseFlushMs: Math.max(leafFlushMs, ledger.coarse_flush_ms ?? times.coarseFlushMs),
    maxViewBytes: ledger.max_view_mb * 1024 * 1024,
    queueLimit: ledger.queue_limit,
    backupDir: ledger.backup_dir ?? null,
  };
}
