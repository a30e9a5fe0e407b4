import { describe, expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { ALL, HOUR_MS, START, Tree } from './kit.fixture.ts';
import type { JsonObject } from '../../brainstem/contract.ts';

const GLOBAL = 'Ledgers/global_ledger.json';
const HOUR = 'Ledgers/2025/12/W50/18/01/hourly_ledger.json';
const TEN_MINUTES = 600_000;
const count = (tree: Tree, file: string): unknown => tree.document(file)?.total_attempts ?? null;

/** As the journal has it when nothing else is said, all files are those that one go makes of the records. */
async function expectRight(tree: Tree): Promise<void> {
  const [is, should] = [tree.contents(), await tree.fresh()];
  expect(Object.keys(is)).toEqual(Object.keys(should));
  for (const [file, text] of Object.entries(should)) expect(is[file]?.replace(/ {9,}/g, '~'), file).toBe(text.replace(/ {9,}/g, '~'));
  expect(is).toEqual(should);
  expect(tree.wrong()).toEqual([]);
}

describe('rounds', () => {
  it.each([1, 2, 3, 4])('however they fall, with restarts of every kind, make the same files (seed %i)', async (seed) => {
    const random = uniform(seed);
    const tree = new Tree(seed, { maxViewBytes: 1_500 });
    for (let i = 0; i < 70; i += 1) {
      if (random() < 0.05) tree.records.start({ mode: 'demo', max_view_bytes: 500 + Math.floor(random() * 4_000) });
      for (let n = Math.floor(random() * 4); n > 0; n -= 1) tree.records.any(2 + i / 4);
      tree.nowMs += Math.floor(random() * 400_000);
      const luck = random();
      // A process that dies before its notes reach the journal loses all later ones as well.
      if (luck < 0.08) await tree.round(random() < 0.5 ? ['leaf'] : ALL, false).then(() => tree.restart());
      else if (luck < 0.5) await tree.round(['leaf']);
      else if (luck < 0.8) await tree.round();
      else if (luck < 0.9) tree.take();
      if (random() < 0.05) tree.rotate();
      if (random() < 0.08) await tree.restart();
    }
    await tree.round();
    await expectRight(tree);
    expect(tree.damage).toEqual([]);
    expect(tree.shadows.length).toBeLessThanOrEqual(2 * tree.files().length);
  });

  it('of one tier leave the other as it is', async () => {
    const tree = new Tree();
    tree.records.add('ledger');
    await tree.round(['leaf']);
    expect([count(tree, GLOBAL), tree.document(HOUR)?.ledger_entries.length]).toEqual([null, 1]);
    await tree.round(['coarse']);
    expect(count(tree, GLOBAL)).toBe(1);
  });

  it('say nothing when nothing happened', async () => {
    const tree = new Tree();
    tree.records.add('ledger');
    await tree.round();
    const writes = tree.disk.faults.count('write');
    expect(await tree.round()).toEqual({ notes: [], failed: [] });
    expect(tree.disk.faults.count('write')).toBe(writes);
  });

  it('give each type its own files and both the roll-up they share', async () => {
    const tree = new Tree();
    tree.records.add('ledger');
    await tree.round();
    tree.records.add('math_proof');
    await tree.round();
    expect(tree.document('Ledgers/Aggregated/aggregated.json').summary.total_entries).toBe(2);
    await expectRight(tree);
  });
});

describe('a restart', () => {
  it('after hour files were shown and coarser ones never were shows them', async () => {
    const tree = new Tree();
    for (let i = 0; i < 3; i += 1) tree.records.any(1);
    await tree.round(['leaf']);
    await tree.restart();
    await tree.round();
    await expectRight(tree);
  });

  it('without any notes reads the whole journal and takes the files up as they are', async () => {
    const tree = new Tree();
    for (let i = 0; i < 20; i += 1) tree.records.any(40);
    await tree.round();
    tree.notes.clear();
    tree.records.any(40);
    await tree.restart();
    await tree.round();
    await expectRight(tree);
    expect(tree.damage).toEqual([]);
  });

  it('reads what came after the notes and nothing before, when nothing was behind', async () => {
    const tree = new Tree();
    for (let i = 0; i < 50; i += 1) tree.records.any(2);
    await tree.round();
    tree.records.add('ledger', START + 3 * HOUR_MS);
    tree.read = 0;
    await tree.restart();
    await tree.round();
    expect(tree.read).toBe(1);
    await expectRight(tree);
  });

  it('that could not read the journal may be tried again', async () => {
    const tree = new Tree();
    for (let i = 0; i < 20; i += 1) tree.records.any(4);
    await tree.round();
    for (let i = 0; i < 20; i += 1) tree.records.any(4);
    tree.journalFails = true;
    await expect(tree.restart()).rejects.toThrow('EIO');
    tree.journalFails = false;
    await tree.views.restore([...tree.notes.values()], tree.durable);
    await tree.round();
    await expectRight(tree);
  });

  it('is not stopped by one file that cannot be read, and that one is made good when it can', async () => {
    const tree = new Tree();
    for (let i = 0; i < 5; i += 1) tree.records.add('ledger');
    await tree.round();
    tree.records.add('ledger');
    tree.disk.faults.when = ({ call, path }) => (call === 'open' && path === tree.at(GLOBAL) ? 'EIO' : null);
    await tree.restart();
    expect((await tree.round()).failed.map(({ path }) => path)).toEqual([GLOBAL]);
    expect(tree.document(HOUR).ledger_entries).toHaveLength(6);
    tree.disk.faults.when = () => null;
    expect((await tree.round()).failed).toEqual([]);
    await expectRight(tree);
    expect(tree.damage).toEqual([]);
  });

  it('under a blueprint that puts entries elsewhere makes the files that get some anew', async () => {
    const tree = new Tree();
    tree.records.add('ledger');
    await tree.round();
    const other = fakeBrainstem('/data');
    const { viewTargetsOf } = other;
    other.viewTargetsOf = (...args) => viewTargetsOf(...args).map((target) => (target.path === GLOBAL ? { ...target, arrayKey: 'deeper.attempts' } : target));
    const next = new Tree(1, {}, tree.disk, other);
    next.records.all.push(...tree.records.all);
    next.notes = tree.notes;
    await next.restart();
    next.records.add('ledger');
    await next.round();
    await next.round();
    expect(next.document(GLOBAL).deeper.attempts).toHaveLength(2);
  });

  it('with a template that is gone leaves its files alone and the others work', async () => {
    const tree = new Tree();
    tree.records.add('ledger');
    tree.records.add('rejection');
    await tree.round();
    const other = fakeBrainstem('/data');
    const { instantiate, viewTargetsOf } = other;
    other.instantiate = (template, options) => {
      if (template.includes('rejection')) throw new Error(`no template ${template}`);
      return instantiate(template, options);
    };
    other.viewTargetsOf = (type, ...rest) => {
      if (type === 'rejection') throw new Error('no such tree');
      return viewTargetsOf(type, ...rest);
    };
    const before = tree.bytes('Rejections/global_rejection.json');
    const next = new Tree(1, {}, tree.disk, other);
    next.records.all.push(...tree.records.all);
    next.notes = tree.notes;
    await next.restart();
    next.records.add('ledger');
    expect((await next.round()).failed).toEqual([]);
    expect(count(next, GLOBAL)).toBe(2);
    expect(next.bytes('Rejections/global_rejection.json')).toEqual(before);
  });
});

describe('late entries', () => {
  it('find a closed file as it was and go on in it', async () => {
    const tree = new Tree();
    for (let i = 0; i < 3; i += 1) tree.records.add('ledger');
    await tree.round();
    tree.records.add('ledger', START + HOUR_MS);
    tree.nowMs += TEN_MINUTES - 1;
    await tree.round();
    const before = tree.shadows.length;
    tree.nowMs += 1;
    const { notes } = await tree.round();
    expect(notes).toContainEqual({ p: HOUR, closed: true });
    expect(tree.shadows.length).toBeLessThan(before);
    tree.records.add('ledger', START);
    await tree.round();
    await expectRight(tree);
    expect(tree.damage).toEqual([]);
  });

  it('of any time, by a clock back in 1970 and ahead in 2036, all find their place', async () => {
    const random = uniform(5);
    const tree = new Tree(5);
    for (const year of [2025, 1970, 2025, 2036, 2025, 2026, 1970, 2036]) {
      for (let i = 0; i < 6; i += 1) {
        tree.records.add('ledger', Date.UTC(year, 0, 1, Math.floor(random() * 60)));
        await tree.round(random() < 0.5 ? ['leaf'] : ALL);
        tree.nowMs += TEN_MINUTES;
      }
      if (random() < 0.5) await tree.restart();
    }
    await tree.round();
    await expectRight(tree);
    expect(tree.damage).toEqual([]);
  });

  it('do not make a rare family read the journal while its periods run', async () => {
    const tree = new Tree();
    tree.records.add('error_report');
    await tree.round();
    for (let hour = 0; hour < 8; hour += 1) {
      tree.nowMs += HOUR_MS;
      tree.records.add('ledger', START + hour * HOUR_MS);
      await tree.round();
    }
    tree.read = 0;
    tree.records.add('error_report', START + 8 * HOUR_MS);
    await tree.round();
    expect(tree.read).toBe(0);
    await expectRight(tree);
  });
});

describe('somebody else', () => {
  async function filled(): Promise<Tree> {
    const tree = new Tree();
    for (let i = 0; i < 30; i += 1) tree.records.any(3);
    await tree.round();
    return tree;
  }

  /** Files that are not in the tree by themselves. */
  const others = (tree: Tree): string[] => tree.files().filter((file) => !file.endsWith('.json'));

  it('removes a file: it comes back with its next entry, and without one with the next coarse round', async () => {
    const tree = await filled();
    await tree.disk.unlink(tree.at(GLOBAL));
    await tree.round();
    await expectRight(tree);
    expect(tree.damage).toEqual([`${GLOBAL}: it was removed`]);
  });

  it.each([
    ['edits', (bytes: Buffer): Uint8Array => Buffer.from(bytes.toString().replace('"id"', '"di"') + ' ')],
    ['cuts', (bytes: Buffer): Uint8Array => bytes.subarray(0, 4_000)],
    ['empties', (): Uint8Array => new Uint8Array()],
  ])('%s a file in its place: that is kept, and the file made anew', async (_what, change) => {
    const tree = await filled();
    for (const file of [GLOBAL, 'Ledgers/Aggregated_Index/aggregated_index.json']) tree.disk.tamper(tree.at(file), change);
    tree.nowMs = 1;
    tree.records.add('ledger');
    await tree.round();
    expect(others(tree).sort()).toEqual(['Ledgers/Aggregated_Index/aggregated_index.json.edited-t1', `${GLOBAL}.edited-t1`]);
    for (const file of others(tree)) await tree.disk.unlink(tree.at(file));
    await expectRight(tree);
  });

  it('does so while no run is there: that is found at start, kept and told', async () => {
    const tree = await filled();
    tree.disk.tamper(tree.at(GLOBAL), (bytes) => Buffer.from(bytes.toString().replace(/"id":"e\d+",/, '')));
    await tree.disk.unlink(tree.at('Ledgers/2025/yearly_ledger.json'));
    tree.records.add('rejection');
    await tree.restart();
    await tree.round();
    expect(others(tree)).toEqual([`${GLOBAL}.damaged-t0`]);
    await tree.disk.unlink(tree.at(others(tree)[0]!));
    await expectRight(tree);
    expect(tree.damage).toHaveLength(2);
  });

  it('removes the whole tree while it is written to: all of it comes back', async () => {
    const tree = await filled();
    for (const file of tree.disk.files(tree.brainstem.base)) await tree.disk.unlink(file);
    for (const folder of (await foldersBelow(tree)).reverse()) await tree.disk.rmdir(folder);
    tree.records.add('ledger');
    await tree.round();
    await tree.round();
    await expectRight(tree);
  });

  it('has put a file of his own where one of ours belongs: it is kept', async () => {
    const tree = new Tree();
    await tree.disk.mkdir(tree.at('Ledgers'));
    const file = await tree.disk.open(tree.at(GLOBAL), 'create');
    await file.write(Buffer.from('{"mine": true}'), 0);
    await file.close();
    tree.records.add('ledger');
    await tree.round();
    expect(tree.bytes(`${GLOBAL}.foreign-t0`)?.toString()).toBe('{"mine": true}');
    expect(count(tree, GLOBAL)).toBe(1);
  });

  async function foldersBelow(tree: Tree): Promise<string[]> {
    const found: string[] = [];
    const walk = async (folder: string): Promise<void> => {
      found.push(folder);
      for (const name of await tree.disk.readdir(folder)) await walk(`${folder}/${name}`);
    };
    await walk(tree.brainstem.base);
    return found;
  }
});

it('the empty file laid out at start gives way to the first entry', async () => {
  const tree = new Tree();
  const target = tree.brainstem.viewTargetsOf('ledger', 'dtm', '2025/12/W50/18/01').find(({ path }) => path === GLOBAL)!;
  await tree.disk.mkdir(tree.at('Ledgers'));
  const file = await tree.disk.open(tree.at(GLOBAL), 'create');
  await file.write(Buffer.from(JSON.stringify(tree.brainstem.instantiate(target.template, { at: START, level: 'root', scope: 'global' } as never))), 0);
  await file.close();
  tree.records.add('ledger');
  await tree.round();
  await expectRight(tree);
  expect(tree.damage).toEqual([]);
});

describe('a disk that refuses', () => {
  const calls = ['create', 'open', 'write', 'datasync', 'link', 'rename', 'unlink', 'mkdir', 'stat', 'syncFolder', 'read', 'readdir'] as const;

  it.each(calls)('%s now and then: nothing is lost or doubled, and all is right when it does no more', async (call) => {
    const random = uniform(calls.indexOf(call) + 1);
    const tree = new Tree(2, { maxViewBytes: 700 });
    let failures = 0;
    for (let i = 0; i < 20; i += 1) {
      tree.disk.faults.when = (op) => (op.call === call && random() < 0.1 ? 'EIO' : null);
      tree.records.add(random() < 0.5 ? 'ledger' : 'system_report', START + i * 400_000);
      tree.nowMs += Math.floor(random() * 300_000);
      failures += (await tree.round(random() < 0.5 ? ['leaf'] : ALL)).failed.length;
      for (const file of tree.files()) expect(() => tree.document(file) as unknown, file).not.toThrow();
      if (random() < 0.1) await tree.restart().catch(() => tree.restart()).catch(async () => {
        tree.disk.faults.when = () => null;
        await tree.restart();
      });
    }
    tree.disk.faults.when = () => null;
    await tree.round();
    expect((await tree.round()).failed).toEqual([]);
    await expectRight(tree);
    if (!['unlink', 'readdir', 'read', 'stat'].includes(call)) expect(failures).toBeGreaterThan(0);
  });

  it('one folder for long: what waits for it is held only so far, and the journal has the rest', async () => {
    const tree = new Tree(3, { limits: { tierBytes: 1 << 20, fileBytes: 2_000 } });
    tree.disk.faults.when = ({ call, path }) => (call === 'create' && path.includes('.ledger') ? 'ENOSPC' : null);
    for (let i = 0; i < 30; i += 1) {
      for (let n = 0; n < 5; n += 1) tree.records.any(1);
      expect((await tree.round()).failed.length).toBeGreaterThan(0);
    }
    tree.disk.faults.when = () => null;
    tree.read = 0;
    await tree.round();
    expect(tree.read).toBeGreaterThan(0);
    await expectRight(tree);
  });

  it('takes what came while a run ended with files behind, in the next', async () => {
    const tree = new Tree(4);
    for (let i = 0; i < 5; i += 1) tree.records.add('ledger');
    await tree.round();
    tree.disk.faults.when = ({ call, path }) => (call === 'rename' && path === tree.at(GLOBAL) ? 'EIO' : null);
    for (let i = 0; i < 5; i += 1) {
      tree.records.add('ledger');
      tree.records.add('rejection');
      await tree.round();
    }
    tree.disk.faults.when = () => null;
    for (let i = 0; i < 2; i += 1) {
      await tree.restart();
      await tree.round();
      await expectRight(tree);
    }
    expect(tree.damage).toEqual([]);
  });

  it('the journal to be read: files that need it wait, the others are shown', async () => {
    const tree = new Tree();
    tree.records.add('ledger');
    await tree.round();
    tree.disk.tamper(tree.at(GLOBAL), () => new Uint8Array());
    tree.records.add('ledger');
    tree.journalFails = true;
    expect((await tree.round()).failed).toEqual([{ path: GLOBAL, reason: 'EIO: the journal cannot be read' }]);
    expect(tree.document(HOUR).ledger_entries).toHaveLength(2);
    tree.journalFails = false;
    await tree.round();
    expect(count(tree, GLOBAL)).toBe(2);
  });
});

it('more records than are held for a tier are read from the journal', async () => {
  const tree = new Tree(6, { limits: { tierBytes: 3_000, fileBytes: 1 << 20 } });
  for (let i = 0; i < 10; i += 1) tree.records.any(2);
  await tree.round();
  for (let i = 0; i < 200; i += 1) tree.records.any(2);
  tree.take();
  expect(tree.views.waitingBytes).toBeLessThan(10_000);
  await tree.round();
  await expectRight(tree);
});

it('records of two runs that wait together are cut as each run says', async () => {
  const tree = new Tree(7);
  tree.records.start({ mode: 'demo', max_view_bytes: 300 });
  for (let i = 0; i < 10; i += 1) tree.records.any(1);
  tree.records.start({ mode: 'demo', max_view_bytes: 1 << 20 });
  for (let i = 0; i < 10; i += 1) tree.records.any(1);
  for (const at of [4, 16]) {
    const one = new Tree(7);
    one.records.all.push(...tree.records.all.slice(0, at));
    await one.round();
    one.records.all.push(...tree.records.all.slice(at));
    await one.round();
    // Made anew in a run of other settings, and after it.
    one.disk.tamper(one.at(GLOBAL), () => new Uint8Array());
    await one.round();
    await one.disk.unlink(one.at(`${GLOBAL}.edited-t0`)).catch(() => {});
    await expectRight(one);
  }
});

it('a record that is no document, or of a component nobody knows, harms no file', async () => {
  const tree = new Tree();
  tree.records.add('ledger');
  tree.records.all.push({ ...tree.records.add('ledger'), seq: 3, id: 'e3', entryText: '{"broken": ' });
  tree.records.all.push({ ...tree.records.all[0]!, seq: 4, id: 'e4', kind: 'system_report', category: 'nobody' });
  tree.records.add('ledger');
  expect((await tree.round()).failed).toEqual([]);
  expect([count(tree, GLOBAL), tree.damage.length]).toEqual([3, 2]);
  await tree.restart();
  tree.records.add('ledger');
  await tree.round();
  expect(count(tree, GLOBAL)).toBe(4);
});

it('hands out notes that JSON can hold', async () => {
  const tree = new Tree();
  for (let i = 0; i < 40; i += 1) tree.records.any(30);
  const { notes } = await tree.round();
  expect(JSON.parse(JSON.stringify(notes)) as JsonObject[]).toEqual(notes.map((note) => JSON.parse(JSON.stringify(note)) as JsonObject));
  expect(notes.map((note) => note.p)).toContain('*');
});
