import type { CheckedBlueprint } from '../../brainstem/blueprint.ts';
import type { Mode } from '../../brainstem/contract.ts';
import type { WeekNumbering } from '../../brainstem/time-parts.ts';
import type { NewRecord } from '../journal/record.ts';
import type { EngineEvent, EngineSettings } from './contract.ts';

/** What the worker thread is started with: everything in it is made anew there. */
export interface ThreadSetup {
  readonly blueprintFile: string;
  /** The blueprint as this thread has checked it: reading it again takes a quarter of a second. */
  readonly checked?: CheckedBlueprint | undefined;
  readonly dataDir: string;
  readonly mode: Mode;
  readonly timeZone: string | undefined;
  readonly weekNumbering: WeekNumbering | undefined;
  readonly settings: EngineSettings;
  readonly backupFolder: string | null;
  /** Records handed over that a thread before may have written already. */
  readonly lookBack?: number;
}

/** To the thread. */
export type ThreadRequest = { readonly records: readonly NewRecord[] } | { readonly call: 'flush' | 'close'; readonly number: number };

/** From the thread. */
export type ThreadReply = { readonly event: EngineEvent } | { readonly done: number };
