import { describe, expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { randomCut } from '../disk/sim-content.fixture.ts';
import type { SimDisk } from '../disk/sim-disk.fixture.ts';
import type { DiskOp } from '../disk/disk-faults.fixture.ts';
import type { Keeper } from './contract.ts';
import { keeperKit, record, type KeeperKit } from './keeper-kit.fixture.ts';
import { reconcile, type ReconcileReport } from './reconcile.ts';
import { FakeJournal } from './schedule.fixture.ts';

const noBackup = ({ path }: DiskOp): string | null => (path.includes('Backup_Logs') ? 'EACCES' : null);
const ids = (...numbers: number[]): string[] => numbers.map((n) => record(n).id);

function drain(keeper: Keeper, journal: FakeJournal, batch = 2): Promise<ReconcileReport> {
  return reconcile({ keeper, batch, known: (some) => journal.known(some), append: (records) => journal.append(records) });
}

/** Records 1 to 7 over all layers, in turn. */
async function filled(onlyDisk = false): Promise<KeeperKit> {
  const kit = await keeperKit();
  for (let n = 1; n <= 7; n += 1) {
    kit.disk.faults.when = [() => null, noBackup, () => 'EROFS'][n % (onlyDisk ? 2 : 3)]!;
    // The ring would go to disk with the next write that works.
    await kit.keeper.keep(record(n), 'EIO: journal');
  }
  kit.disk.faults.when = () => null;
  return kit;
}

describe('reconcile', () => {
  it('brings every layer into the journal in order of arrival, and tells what it did', async () => {
    const { keeper, disk } = await filled();
    disk.faults.when = () => 'EROFS';
    await keeper.keep(record(8), 'x');
    disk.faults.when = () => null;
    const journal = new FakeJournal(uniform(1));
    expect(await drain(keeper, journal)).toEqual({
      reconciled: 8,
      skipped_duplicates: 0,
      unreadable: 0,
      layers: { backup: expect.any(Number), emergency: expect.any(Number), ring: 1 },
      lost: 0,
      since: '2025-12-18T01:47:42.076-06:00',
      until: '2025-12-18T01:47:49.076-06:00',
      remaining: 0,
      error: null,
    });
    expect(journal.ids).toEqual(ids(1, 2, 3, 4, 5, 6, 7, 8));
    expect(disk.files()).toEqual([]);
    expect(await drain(keeper, journal)).toMatchObject({ reconciled: 0, skipped_duplicates: 0, since: null, until: null });
  });

  it('skips what the journal has, and removes it', async () => {
    const { keeper, disk } = await filled();
    const journal = new FakeJournal(uniform(1));
    journal.ids.push(...ids(2, 5));
    expect(await drain(keeper, journal)).toMatchObject({ reconciled: 5, skipped_duplicates: 2, remaining: 0 });
    expect(journal.ids).toEqual(ids(2, 5, 1, 3, 4, 6, 7));
    expect(disk.files()).toEqual([]);
  });

  it('stops when the journal fails, keeps what it did not take, and goes on later', async () => {
    const { keeper } = await filled();
    const journal = new FakeJournal(() => 0.5);
    journal.failing = 1;
    expect(await drain(keeper, journal, 4)).toMatchObject({ reconciled: 2, remaining: 5, error: 'the journal took 2 of 4 records' });
    journal.failing = 0;
    expect(await drain(keeper, journal, 4)).toMatchObject({ reconciled: 5, remaining: 0, error: null });
    expect(journal.ids).toEqual(ids(1, 2, 3, 4, 5, 6, 7));
  });

  it('appends nothing without knowing what is there', async () => {
    const { keeper } = await filled();
    const journal = new FakeJournal(uniform(1));
    const report = await reconcile({ keeper, known: () => Promise.reject(new Error('EIO: read')), append: (records) => journal.append(records) });
    expect(report).toMatchObject({ reconciled: 0, remaining: 7, error: 'EIO: read' });
    expect(journal.ids).toEqual([]);
  });

  it('leaves the rest for later when it is told to', async () => {
    const { keeper } = await filled();
    const journal = new FakeJournal(uniform(1));
    const report = await reconcile({ keeper, batch: 3, known: (some) => journal.known(some), append: (records) => journal.append(records), shouldStop: () => journal.ids.length >= 3 });
    expect(report).toMatchObject({ reconciled: 3, remaining: 4, error: null });
  });

  it('passes over what is not wanted, however much of it there is', async () => {
    const { keeper } = await filled();
    expect((await keeper.kept(1, ({ id }) => id === record(6).id)).map((one) => one.record.id)).toEqual(ids(6));
  });

  it('tells of a damaged file and does not stumble over it', async () => {
    const { keeper, disk } = await filled(true);
    disk.tamper(disk.files()[0]!, () => Buffer.from('{'));
    const journal = new FakeJournal(uniform(1));
    expect(await drain(keeper, journal)).toMatchObject({ reconciled: 6, unreadable: 1, remaining: 0, error: null });
    expect(disk.files()).toHaveLength(1);
  });
});

describe('reconcile interrupted at every call to the disk', () => {
  const cuts: readonly [string, (disk: SimDisk, seed: number) => SimDisk][] = [
    ['a kill', (disk) => disk.clone()],
    ['a power cut', (disk, seed) => disk.crash(uniform(seed), randomCut(uniform(seed)))],
    ['a disk that fails from there on', (disk) => disk],
  ];
  it.each(cuts)('%s: every record is in the journal once', async (_name, cut) => {
    let interrupted = 0;
    for (let after = 0; ; after += 1) {
      const { keeper, disk, next } = await filled(true);
      const journal = new FakeJournal(uniform(1));
      const wasCut = await interruptedAfter(after, disk, cut === cuts[2]![1], drain(keeper, journal));
      disk.faults.onOp = () => {};
      disk.faults.when = () => null;
      const { keeper: other, damage } = await next(cut(disk, after));
      expect(await drain(other, journal)).toMatchObject({ unreadable: 0, remaining: 0, error: null });
      expect(journal.ids).toEqual(ids(1, 2, 3, 4, 5, 6, 7));
      expect(damage).toEqual([]);
      if (!wasCut) break;
      interrupted += 1;
    }
    expect(interrupted).toBeGreaterThan(40);
  });

  /** Runs `work` until it has made `after` calls. @returns whether that came before its end */
  async function interruptedAfter(after: number, disk: SimDisk, fails: boolean, work: Promise<unknown>): Promise<boolean> {
    let left = after;
    return new Promise((resolve) => {
      disk.faults.onOp = () => {
        left -= 1;
        if (left >= 0) return;
        if (!fails) {
          disk.powerOff();
          resolve(true);
        } else disk.faults.when = () => 'EIO';
      };
      void work.then(() => resolve(left < 0));
    });
  }
});
