import type { Clock } from '../../../protocol/common/clock.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { createKeeper } from '../fallback/keeper.ts';
import type { EngineEvent, EngineHost, EngineSettings } from './contract.ts';
import { LedgerEngine } from './engine.ts';

export interface InlineOptions {
  readonly brainstem: Brainstem;
  readonly clock: Clock;
  readonly settings: EngineSettings;
  /** Default: the real one. */
  readonly disk?: Disk;
  /** Another folder for the lower layers; null = below the base folder. */
  readonly backupFolder?: string | null;
  /** See `EngineOptions`. */
  readonly lookBack?: number | undefined;
}

/** The engine in this thread: for short-lived programs, tests, and as the inside of the worker thread. */
export function inlineEngine(options: InlineOptions): (tell: (event: EngineEvent) => void) => EngineHost {
  return (tell) => {
    const engine = makeEngine(options, tell);
    void engine.open();
    return engine;
  };
}

export function makeEngine({ brainstem, clock, settings, disk = nodeDisk, backupFolder = null, lookBack }: InlineOptions, tell: (event: EngineEvent) => void): LedgerEngine {
  const keeper = createKeeper({
    disk,
    base: brainstem.base,
    brainstem,
    clock,
    backupFolder,
    onDamage: ({ file, offset, reason }) => tell({ kind: 'damage', file, what: `${offset === null ? '' : `byte ${offset}: `}${reason}`, kept: null }),
  });
  return new LedgerEngine({ brainstem, disk, clock, keeper, settings, tell, lookBack });
}
