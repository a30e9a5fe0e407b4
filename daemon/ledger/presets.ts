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
 * An entry is written to two inodes of each of its files, whatever the times; what they decide is how often heads, last
 * blocks and the file system's own bookkeeping are written with it. Files are brought up to date before the command line
 * or the hub asks for them and at stop, so a long time shows only to who opens them by himself. Measured on ext4, bytes
 * that reached the device a day at one report a second / one in ten seconds: 5 s, 60 s, 10 min 890 / 410 MB; 15 s, 5 min,
 * 30 min 620 / 160 MB; 15 s, 5 min, 1 h 570 / 140 MB (`rigbrain bench ledger` measures yours).
 */
export const PRESETS: Readonly<Record<PresetName, LedgerTimes>> = {
  'sd-card': { syncMs: 15_000, leafFlushMs: 300_000, coarseFlushMs: 3_600_000 },
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
