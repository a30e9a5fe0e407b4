import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { chicagoParts, fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { bucketText } from '../../brainstem/bucket.ts';
import type { NewRecord } from '../journal/record.ts';
import type { Keeper } from './contract.ts';
import { createKeeper, type KeeperOptions } from './keeper.ts';
import type { KeptDamage } from './layer.ts';

export const BASE = '/data/Test/Demo/Mining';
export const AT = Date.parse('2025-12-18T01:47:41.076-06:00');

export interface KeeperKit {
  readonly keeper: Keeper;
  readonly disk: SimDisk;
  readonly clock: ManualClock;
  readonly damage: KeptDamage[];
  readonly lost: { readonly records: number; readonly reason: string }[];
  /** A keeper of the next run, over the same disk or another. */
  next(disk?: SimDisk): Promise<KeeperKit>;
}

/** A keeper over a disk in memory on which the base folder is durable. */
export async function keeperKit(options: Partial<KeeperOptions> & { disk?: SimDisk } = {}): Promise<KeeperKit> {
  const { disk = new SimDisk(), clock = new ManualClock(AT) } = options;
  await makeFolder(disk, BASE);
  const damage: KeptDamage[] = [];
  const lost: KeeperKit['lost'][number][] = [];
  const keeper = createKeeper({
    base: BASE,
    brainstem: fakeBrainstem('/data'),
    onDamage: (one) => damage.push(one),
    onLost: (one) => lost.push(one),
    ...options,
    disk,
    clock,
  });
  return { keeper, disk, clock: clock as ManualClock, damage, lost, next: (other) => keeperKit({ ...options, clock, disk: other ?? disk }) };
}

/** Creates a folder that a power cut leaves. */
export async function makeFolder(disk: SimDisk, folder: string): Promise<void> {
  await disk.mkdir(folder);
  const parts = folder.split('/').slice(1);
  for (let depth = 0; depth < parts.length; depth += 1) await disk.syncFolder(`/${parts.slice(0, depth).join('/')}`);
}

/** @param n makes the id and the content */
export function record(n: number, fields: Partial<NewRecord> = {}): NewRecord {
  const at = AT + n * 1000;
  const id = `sub_${String(n).padStart(5, '0')}`;
  return { at, zone: -360, kind: 'submission', category: 'looping', bucket: bucketText(chicagoParts(at)), id, entryText: JSON.stringify({ id, nonce: n, note: 'ümläut "quoted"' }), ...fields };
}

export const idsOf = (kept: readonly { readonly record: NewRecord }[]): string[] => kept.map(({ record: { id } }) => id);
