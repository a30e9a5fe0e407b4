import type { LedgerRecord } from '../journal/record.ts';
import { RunSettings } from './run-settings.ts';

/** What was in force when a record was written. */
export type RunSetting = Readonly<Pick<RunSettings, 'mode' | 'maxViewBytes'>>;

interface Change {
  /** The record that made it. */
  readonly seq: number;
  readonly setting: RunSetting;
}

/**
 * The settings of every run that began otherwise than the one before. What a record does to its files follows from the run it
 * belongs to, also when it is read again in a later one.
 */
export class RunHistory {
  readonly #first: RunSetting;
  #changes: Change[] = [];

  /** @param maxViewBytes before the first run that says otherwise */
  constructor(maxViewBytes: number) {
    this.#first = new RunSettings(maxViewBytes);
  }

  /** What is in force for a record. */
  at(seq: number): RunSetting {
    for (let i = this.#changes.length - 1; i >= 0; i -= 1) {
      const change = this.#changes[i]!;
      if (change.seq <= seq) return change.setting;
    }
    return this.#first;
  }

  /** Takes up a `start` record; one that is known already changes nothing. */
  begin(record: LedgerRecord): void {
    const last = this.#changes.at(-1);
    if (last !== undefined && record.seq <= last.seq) return;
    const { mode, maxViewBytes } = this.at(record.seq);
    const setting = settingOf(mode, maxViewBytes);
    setting.begin(record);
    if (setting.mode !== mode || setting.maxViewBytes !== maxViewBytes) this.#changes.push({ seq: record.seq, setting });
  }

  /** For the journal's notes. */
  toJSON(): unknown {
    return this.#changes.map(({ seq, setting: { mode, maxViewBytes } }) => [seq, mode, maxViewBytes]);
  }

  /** Takes over what `toJSON` made. */
  restore(json: unknown): void {
    if (!Array.isArray(json)) return;
    this.#changes = (json as [number, RunSetting['mode'], number][]).map(([seq, mode, maxViewBytes]) => ({ seq, setting: settingOf(mode, maxViewBytes) }));
  }
}

function settingOf(mode: RunSetting['mode'], maxViewBytes: number): RunSettings {
  const setting = new RunSettings(maxViewBytes);
  setting.mode = mode;
  return setting;
}
