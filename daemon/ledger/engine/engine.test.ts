import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import type { DiskOp } from '../disk/disk-faults.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { readAll } from '../journal/kit.fixture.ts';
import type { NewRecord } from '../journal/record.ts';
import type { EngineCounts, EngineEvent, EngineSettings } from './contract.ts';
import type { LedgerEngine } from './engine.ts';
import { makeEngine } from './inline.ts';

const START = Date.parse('2025-12-18T01:47:41.076-06:00');
const brainstem = fakeBrainstem('/data');
const GLOBAL = 'Ledgers/global_ledger.json';
const SETTINGS: EngineSettings = { syncMs: 1_000, leafFlushMs: 5_000, coarseFlushMs: 20_000, maxViewBytes: 1 << 20, segmentBytes: 1 << 16 };

type Fault = (op: DiskOp) => string | null;

/** Everything on the disk refuses. */
const all = (code: string): Fault => ({ call }) => (['read', 'stat', 'readdir', 'open'].includes(call) ? null : code);
/** The journal refuses, and nothing else. */
const journalOnly = (code: string): Fault => (op) => (op.path.includes('/.ledger/journal') ? all(code)(op) : null);

let runs = 0;

class Kit {
  readonly disk: SimDisk;
  readonly clock: ManualClock;
  readonly told: EngineEvent[] = [];
  accepted = 0;
  engine: LedgerEngine;
  readonly #tag = `e${(runs += 1)}_`;
  #next = 1;

  constructor(disk = new SimDisk(), fault: Fault = () => null, settings: Partial<EngineSettings> = {}) {
    this.disk = disk;
    this.clock = new ManualClock(START);
    this.disk.faults.when = fault;
    this.engine = makeEngine({ brainstem, clock: this.clock, settings: { ...SETTINGS, ...settings }, disk }, (event) => {
      this.told.push(event);
      if (event.kind !== 'counts') return;
      const { settled, written, backup, emergency, lost } = event.counts;
      expect(settled).toBe(written + backup + emergency + lost);
      expect(settled).toBeLessThanOrEqual(this.accepted);
    });
    void this.engine.open();
  }

  record(more: Partial<NewRecord> = {}): NewRecord {
    const id = `${this.#tag}${this.#next++}`;
    return { at: this.clock.now(), zone: -360, kind: 'ledger', category: 'dtm', bucket: '2025/12/W50/18/01', id, entryText: JSON.stringify({ id, nonce: this.#next }), ...more };
  }

  accept(...records: NewRecord[]): void {
    this.accepted += records.filter(({ kind }) => kind !== 'start').length;
    this.engine.accept(records);
  }

  /** @param more records of these */
  some(count: number, more: Partial<NewRecord> = {}): void {
    this.accept(...Array.from({ length: count }, () => this.record(more)));
  }

  get counts(): EngineCounts {
    const last = this.told.findLast((event) => event.kind === 'counts');
    if (last === undefined) throw new Error('nothing was counted');
    return last.counts;
  }

  /** Moves time and lets what is due come to rest. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.clock.advance(Math.min(left, 1_000));
      for (let i = 0; i < 30; i += 1) await new Promise(setImmediate);
    }
  }

  document(file = GLOBAL): any {
    return JSON.parse(this.disk.bytes(path.join(brainstem.base, file)).toString());
  }

  /** Ids of the journal's entries in order. */
  async journal(): Promise<string[]> {
    const { found } = await readAll(path.join(brainstem.base, '.ledger/journal'), {}, this.disk);
    return found.map(({ record }) => record.id);
  }

  /** Every accepted entry is in the journal and in the tree, once. */
  async expectAll(count = this.accepted): Promise<void> {
    this.disk.faults.when = () => null;
    const ids = (await this.journal()).filter((id) => id.startsWith('e'));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(count);
    expect(this.document().entries.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(this.counts).toMatchObject({ settled: this.accepted, written: this.accepted, backup: 0, emergency: 0, lost: 0, degraded: false });
  }
}

describe('time', () => {
  it('makes entries durable, then shows them in hour files, then in all', async () => {
    const kit = new Kit();
    await kit.pass(1);
    kit.some(3);
    await kit.pass(999);
    expect(kit.counts.written).toBe(0);
    await kit.pass(1_000);
    expect(kit.counts).toMatchObject({ written: 3 });
    expect(() => kit.document()).toThrow('ENOENT');
    await kit.pass(5_000);
    expect(kit.document('Ledgers/2025/12/W50/18/01/hourly_ledger.json').ledger_entries).toHaveLength(3);
    expect(() => kit.document()).toThrow('ENOENT');
    await kit.pass(20_000);
    await kit.expectAll();
  });

  it('is not waited for by a block', async () => {
    const kit = new Kit();
    await kit.pass(1);
    kit.accept(kit.record({ entryText: '{"id":"e1","is_block":true}' }));
    for (let i = 0; i < 30; i += 1) await new Promise(setImmediate);
    expect(kit.counts.written).toBe(1);
  });
});

describe('flush', () => {
  it('asked for while the journal is being opened shows what was accepted before', async () => {
    const kit = new Kit();
    kit.some(5);
    await kit.engine.flush();
    await kit.expectAll();
  });

  it('is one round for all who ask while one waits', async () => {
    const kit = new Kit();
    await kit.engine.flush();
    kit.some(1);
    const syncs = kit.disk.faults.count('datasync');
    await Promise.all(Array.from({ length: 50 }, () => kit.engine.flush()));
    await kit.expectAll();
    // One for the journal, one for each of 26 files, once.
    expect(kit.disk.faults.count('datasync') - syncs).toBeLessThan(50);
  });
});

describe('an id that is handed over again', () => {
  it('is written once, also after a restart, and counted each time', async () => {
    const kit = new Kit();
    const record = kit.record();
    kit.accept(record, record);
    await kit.engine.flush();
    kit.accept(record);
    await kit.engine.close();
    expect(kit.counts).toMatchObject({ settled: 3, written: 3 });
    const next = new Kit(kit.disk);
    next.accept(record);
    await next.engine.flush();
    await next.expectAll(1);
    expect(next.told.flatMap((event) => (event.kind === 'counts' ? event.settled : []))).toEqual([record.id]);
  });
});

describe.each(['ENOSPC', 'EIO', 'EROFS', 'EACCES', 'EMFILE'])('%s', (code) => {
  it('from the journal: entries are kept in Backup_Logs and come back in order, once', async () => {
    const kit = new Kit();
    kit.some(3);
    await kit.engine.flush();
    kit.disk.faults.when = journalOnly(code);
    kit.some(4);
    await kit.pass(3_000);
    expect(kit.counts).toMatchObject({ written: 3, backup: 4, degraded: true });
    expect(kit.counts.last_error).toContain(code);
    kit.disk.faults.when = () => null;
    kit.some(2);
    await kit.pass(180_000);
    await kit.expectAll();
    expect(kit.told.filter(({ kind }) => kind === 'fallback')).toHaveLength(4);
    expect(kit.told.filter(({ kind }) => kind === 'recovered')).toHaveLength(1);
    expect(kit.disk.files().filter((file) => file.includes('Backup_Logs') && file.endsWith('.json'))).toEqual([]);
  });

  it('from the whole disk: entries are held in memory, said to be lost, and found again', async () => {
    const kit = new Kit();
    await kit.engine.flush();
    kit.disk.faults.when = all(code);
    kit.some(4);
    await kit.pass(3_000);
    expect(kit.counts).toMatchObject({ written: 0, lost: 4, degraded: true });
    kit.disk.faults.when = () => null;
    await kit.pass(180_000);
    await kit.engine.flush();
    await kit.expectAll();
  });

  it('from files of the tree: the journal has it, and the files follow when they can', async () => {
    const kit = new Kit();
    await kit.engine.flush();
    kit.disk.faults.when = (op) => (op.path.includes('/Ledgers/') || op.path.includes('/shadow/') ? all(code)(op) : null);
    kit.some(4);
    await kit.pass(60_000);
    expect(kit.counts).toMatchObject({ written: 4, degraded: true });
    expect(kit.counts.files_behind).toBeGreaterThan(10);
    kit.disk.faults.when = () => null;
    await kit.pass(300_000);
    await kit.expectAll();
    expect(kit.counts.files_behind).toBe(0);
    expect(kit.told.filter(({ kind }) => kind === 'files').at(-1)).toEqual({ kind: 'files', behind: 0, reason: null });
  });

  it('when the journal is to be opened: entries are kept, and are in it once it opens', async () => {
    const kit = new Kit(new SimDisk(), ({ call, path: at }) => (call === 'readdir' && at.includes('journal') ? code : null));
    kit.some(3);
    await kit.pass(2_000);
    expect(kit.counts).toMatchObject({ written: 0, backup: 3, degraded: true });
    kit.some(2);
    await kit.engine.flush();
    expect(kit.counts).toMatchObject({ backup: 5 });
    kit.disk.faults.when = () => null;
    await kit.pass(400_000);
    await kit.engine.flush();
    await kit.expectAll();
  });
});

it('what came before the journal was open is not dropped when it opens but cannot be read', async () => {
  const first = new Kit();
  first.some(2);
  await first.engine.close();
  let opened = false;
  const kit = new Kit(first.disk);
  kit.disk.faults.when = ({ call, path: at }) => {
    opened ||= call === 'rename' && at.endsWith('.ndjson');
    return opened && call === 'open' && at.endsWith('.ndjson') ? 'EIO' : null;
  };
  kit.some(3);
  await kit.pass(2_000);
  expect(opened).toBe(true);
  expect(kit.counts).toMatchObject({ settled: 3, written: 0 });
  kit.disk.faults.when = () => null;
  await kit.pass(400_000);
  await kit.engine.flush();
  await kit.expectAll(5);
});

it('a ledger that is closed before its journal could be opened keeps what it was given', async () => {
  const kit = new Kit(new SimDisk(), ({ call, path: at }) => (call === 'readdir' && at.includes('journal') ? 'EIO' : null));
  await kit.pass(10_000);
  kit.some(3);
  await kit.engine.close();
  expect(kit.counts).toMatchObject({ settled: 3, backup: 3 });
  const next = new Kit(kit.disk);
  await next.engine.flush();
  await next.pass(60_000);
  expect(next.document().entries).toHaveLength(3);
  expect(next.counts).toMatchObject({ settled: 0, reconciled_earlier: 3 });
});

it('a ledger that is closed while kept entries come back does nothing to the disk afterwards, and loses none', async () => {
  const first = new Kit();
  await first.engine.flush();
  first.disk.faults.when = journalOnly('EIO');
  first.some(4);
  await first.engine.close();
  expect(first.counts).toMatchObject({ backup: 4 });
  first.disk.faults.when = () => null;
  let slow = 0;
  for (let at = 1; at === slow + 1; at += 1) {
    const kit = new Kit(first.disk.clone());
    let goOn = (): void => {};
    let calls = 0;
    kit.disk.faults.onOp = ({ path: file }) => {
      if (!file.includes('/Backup_Logs') || (calls += 1) !== at) return;
      slow = at;
      return new Promise((resolve) => (goOn = resolve));
    };
    await kit.pass(1_000);
    let isClosed = false;
    const closed = kit.engine.close().then(() => (isClosed = true));
    await kit.pass(2_000);
    expect(isClosed, `call ${at} is under way`).toBe(slow < at);
    goOn();
    await closed;
    const done = kit.disk.faults.count();
    await kit.pass(2_000);
    expect(kit.disk.faults.count()).toBe(done);
    const next = new Kit(kit.disk);
    await next.pass(2_000);
    await next.engine.flush();
    expect(new Set(await next.journal()).size).toBe(4);
    expect(next.document().entries).toHaveLength(4);
  }
  expect(slow).toBeGreaterThan(8);
});

it('files that cannot be taken up at first are taken up later, with one journal all the while', async () => {
  const first = new Kit();
  first.some(4);
  await first.engine.close();
  const kit = new Kit(first.disk, ({ call, path: at }) => (call === 'readdir' && at.includes('shadow') ? 'EIO' : null));
  kit.some(2, { bucket: '2025/12/W50/18/02' });
  await kit.pass(30_000);
  expect(kit.counts).toMatchObject({ written: 2, degraded: true });
  expect(kit.document().entries).toHaveLength(4);
  kit.disk.faults.when = () => null;
  await kit.pass(300_000);
  expect(kit.document().entries).toHaveLength(6);
  expect(kit.disk.files().filter((file) => file.endsWith('.ndjson'))).toHaveLength(2);
  expect(kit.told.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
  await kit.engine.close();
});

it('that a run began is told again when the journal refused it, and counted nowhere', async () => {
  const kit = new Kit();
  await kit.engine.flush();
  kit.disk.faults.when = journalOnly('ENOSPC');
  kit.accept(kit.record({ id: 'start_1', kind: 'start', entryText: '{"mode":"demo","max_view_bytes":1000000}' }));
  await kit.pass(3_000);
  expect(kit.disk.files().filter((file) => file.includes('Backup_Logs'))).toEqual([]);
  kit.disk.faults.when = () => null;
  kit.some(1);
  await kit.pass(60_000);
  await kit.expectAll();
  expect((await kit.journal()).filter((id) => id === 'start_1')).toHaveLength(1);
});

it('an entry for which the blueprint has no place is kept and does not hold up the others', async () => {
  const kit = new Kit();
  kit.some(1, { kind: 'system_report', category: 'nobody', id: 'x1' });
  kit.some(2);
  await kit.engine.flush();
  expect(kit.counts).toMatchObject({ settled: 3, written: 2, backup: 1 });
  expect(kit.document().entries).toHaveLength(2);
});

it('a round in which our own code fails is no end of rounds', async () => {
  const kit = new Kit();
  await kit.engine.flush();
  const { instantiate } = brainstem;
  try {
    brainstem.instantiate = () => {
      throw new Error('a template of ours is broken');
    };
    kit.some(2);
    await kit.engine.flush();
    expect(kit.counts).toMatchObject({ written: 2 });
    expect(kit.counts.files_behind).toBeGreaterThan(0);
  } finally {
    brainstem.instantiate = instantiate;
  }
  await kit.engine.flush();
  await kit.expectAll();
});

it('a run that is killed at any call leaves nothing out of the next one', async () => {
  const probe = new Kit();
  probe.some(3);
  await probe.engine.flush();
  probe.some(3);
  await probe.engine.close();
  const calls = probe.disk.faults.count();
  for (let at = 20; at < calls; at += 23) {
    const kit = new Kit();
    let written = 0;
    let left: SimDisk | null = null;
    kit.disk.faults.onOp = ({ n }) => {
      if (n !== at) return;
      written = kit.told.some(({ kind }) => kind === 'counts') ? kit.counts.written : 0;
      left = kit.disk.clone();
    };
    kit.some(3);
    await kit.engine.flush();
    kit.some(3);
    await kit.engine.close();
    if (left === null) continue;
    const next = new Kit(left);
    const { length } = await next.journal();
    expect(length).toBeGreaterThanOrEqual(written);
    next.some(1);
    await next.engine.flush();
    expect(next.document().entries.map(({ id }: { id: string }) => id)).toEqual(await next.journal());
    expect(next.counts.corrupt_files).toBe(0);
  }
});
