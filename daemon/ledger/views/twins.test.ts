import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../brainstem/contract.ts';
import type { Disk } from '../disk/disk.ts';
import { readWhole } from '../disk/files.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { frame, joined, withoutComma, type Frame } from './layout.ts';
import { shadowKey, Shadows, Twins } from './twins.ts';

const FILE = 'tree/file.json';

/** One file and what it must hold. */
class Kit {
  readonly disk: Disk;
  readonly base: string;
  readonly items: string[] = [];
  twins: Twins;
  written = 0;
  #fill = 10;

  constructor(disk: Disk, base: string) {
    this.disk = disk;
    this.base = base;
    this.twins = this.#make();
  }

  #make(): Twins {
    return new Twins(FILE, { disk: this.disk, base: this.base, shadows: this.shadows, onWrite: (bytes) => (this.written += bytes), onSync: () => {} });
  }

  shadows = new Shadows('');

  async begin(): Promise<this> {
    this.shadows = new Shadows(path.join(this.base, '.ledger/shadow'));
    this.twins = this.#make();
    await this.disk.mkdir(path.join(this.base, 'tree'));
    return this;
  }

  frame(): Frame {
    return frame({ metadata: { count: this.items.length, fill: 'x'.repeat(this.#fill) }, reports: [] }, ['reports']);
  }

  /** @param fill length of a text in the head */
  grow(fill: number): void {
    this.#fill = fill;
  }

  async prepare(count: number): Promise<void> {
    const before = this.twins.publicItems;
    const added = this.items.slice(before);
    for (let i = 0; i < count; i += 1) added.push(`{"n":${before + added.length},"pad":"${'y'.repeat(700)}"}`);
    this.items.splice(before, Infinity, ...added);
    await this.twins.prepare(this.frame(), [lines(added, before === 0)], before + added.length);
  }

  async publish(count: number): Promise<void> {
    await this.prepare(count);
    await this.twins.swap();
    await this.disk.syncFolder(path.join(this.base, 'tree'));
  }

  /** @throws when the file is not valid JSON */
  async read(): Promise<{ metadata: { count: number }; reports: { n: number }[] }> {
    return JSON.parse((await readWhole(this.disk, path.join(this.base, FILE))).toString()) as never;
  }

  async isRight(): Promise<void> {
    const { metadata, reports } = await this.read();
    expect(metadata.count).toBe(this.items.length);
    expect(reports.map(({ n }) => n)).toEqual(this.items.map((_, n) => n));
  }

  async numbers(): Promise<number[]> {
    return (await this.shadows.list(this.disk)).get(shadowKey(FILE)) ?? [];
  }

  /** A new run. @param note null: nothing was noted */
  async restart(note: JsonObject | null): Promise<boolean> {
    this.shadows = new Shadows(path.join(this.base, '.ledger/shadow'));
    this.twins = this.#make();
    const { head, tail } = this.frame();
    const bytes = lines(this.items, true).length;
    return this.twins.restore(note, { headBytes: head.length, end: head.length + bytes + tail.length, items: this.items.length }, await this.numbers());
  }
}

function lines(items: readonly string[], first: boolean): Buffer {
  const chunk = joined(items.map((item) => Buffer.from(item)));
  return first && chunk.length > 0 ? withoutComma(chunk) : chunk;
}

const onDisk = (): Promise<Kit> => {
  const base = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-twins-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return new Kit(nodeDisk, base).begin();
};
const onSim = (): Promise<Kit & { disk: SimDisk }> => new Kit(new SimDisk(), '/base').begin() as Promise<Kit & { disk: SimDisk }>;

describe.each([
  ['a real disk', onDisk],
  ['a simulated disk', onSim],
])('on %s', (_name, make) => {
  it('each version has all items, and an item costs the same however many there are', async () => {
    const kit = await make();
    const costs: number[] = [];
    for (let i = 0; i < 60; i += 1) {
      const before = kit.written;
      await kit.publish(5);
      costs.push(kit.written - before);
      await kit.isRight();
    }
    expect(Math.max(...costs.slice(2))).toBeLessThan(costs[2]! * 1.2);
    expect((await kit.numbers()).length).toBe(2);
  });

  it('what a reader opened stays as it was until the version after the next', async () => {
    const kit = await make();
    await kit.publish(3);
    const open = await kit.disk.open(path.join(kit.base, FILE), 'read');
    const whole = async (): Promise<string> => {
      const bytes = Buffer.alloc((await open.stat()).size);
      await open.read(bytes, 0);
      return bytes.toString();
    };
    const before = await whole();
    await kit.publish(4);
    expect(await whole()).toBe(before);
    await open.close();
  });

  it('a head that needs more room, or less, moves all items', async () => {
    const kit = await make();
    for (const fill of [10, 5_000, 5_000, 5_000, 10, 20_000, 10, 10, 10]) {
      kit.grow(fill);
      await kit.publish(2);
      await kit.isRight();
    }
  });

  it('goes on after a restart, whatever was noted', async () => {
    for (const age of [0, 1, 2, 3, null]) {
      const kit = await make();
      const notes: JsonObject[] = [];
      for (const fill of [10, 10, 10, 5_000, 10, 10, 10]) {
        kit.grow(fill);
        await kit.publish(3);
        notes.unshift(JSON.parse(JSON.stringify(kit.twins)) as JsonObject);
      }
      // Died while it wrote the next version.
      await kit.prepare(2);
      kit.items.length -= 2;
      expect(await kit.restart(age === null ? null : notes[age]!)).toBe(true);
      for (let i = 0; i < 3; i += 1) {
        await kit.publish(3);
        await kit.isRight();
      }
      expect((await kit.numbers()).length).toBe(2);
    }
  });

  it('a sealed part has its own name, and the file begins anew', async () => {
    const kit = await make();
    await kit.publish(3);
    await kit.prepare(2);
    await kit.twins.seal('tree/file.0001.json');
    const part = JSON.parse((await readWhole(kit.disk, path.join(kit.base, 'tree/file.0001.json'))).toString()) as { reports: unknown[] };
    expect(part.reports).toHaveLength(5);
    expect((await kit.read()).reports).toHaveLength(3);
    kit.items.length = 0;
    await kit.publish(1);
    await kit.isRight();
  });

  describe('check', () => {
    const aside = (): string => 'tree/aside.json';

    it('gives a removed or replaced name its inode back', async () => {
      const kit = await make();
      await kit.publish(3);
      expect(await kit.twins.check(aside)).toEqual({ state: 'intact', kept: null });
      await kit.disk.unlink(path.join(kit.base, FILE));
      expect(await kit.twins.check(aside)).toEqual({ state: 'restored', kept: null });
      await kit.isRight();
      const other = path.join(kit.base, 'tree/other');
      const handle = await kit.disk.open(other, 'create');
      await handle.write(Buffer.from('mine'), 0);
      await handle.close();
      await kit.disk.rename(other, path.join(kit.base, FILE));
      expect(await kit.twins.check(aside)).toEqual({ state: 'restored', kept: 'tree/aside.json' });
      await kit.isRight();
      expect((await readWhole(kit.disk, path.join(kit.base, 'tree/aside.json'))).toString()).toBe('mine');
      await kit.publish(2);
      await kit.isRight();
    });

    it('gives up a file that was changed in its inode, and keeps what was made of it', async () => {
      const kit = await make();
      await kit.publish(3);
      const handle = await kit.disk.open(path.join(kit.base, FILE), 'update');
      await handle.truncate(100);
      await handle.close();
      expect(await kit.twins.check(aside)).toEqual({ state: 'lost', kept: 'tree/aside.json' });
      expect((await kit.disk.stat(path.join(kit.base, 'tree/aside.json'))).size).toBe(100);
    });
  });
});

it('an edit that keeps the size shows by its time', async () => {
  let now = 0;
  const disk = new SimDisk({ now: () => now });
  const kit = await new Kit(disk, '/base').begin();
  await kit.publish(3);
  now = 5_000;
  expect((await kit.twins.check(() => 'tree/aside.json')).state).toBe('intact');
  const handle = await disk.open(path.join(kit.base, FILE), 'update');
  await handle.write(Buffer.from('7'), 5_000);
  await handle.close();
  expect((await kit.twins.check(() => 'tree/aside.json')).state).toBe('lost');
});

describe('an error', () => {
  const calls = ['write', 'datasync', 'create', 'open', 'link', 'rename', 'unlink', 'mkdir', 'stat', 'truncate', 'read'] as const;

  it.each(calls)('of %s, at every call of a version, leaves the public file whole, and the next try makes it good', async (call) => {
    let met = 0;
    for (let nth = 0; nth < 8; nth += 1) {
      for (const heads of [[10, 10, 10], [10, 10, 5_000], [10, 5_000, 10]]) {
        const kit = await onSim();
        for (const fill of heads.slice(0, 2)) {
          kit.grow(fill);
          await kit.publish(3);
        }
        kit.grow(heads[2]!);
        const before = kit.disk.bytes(path.join(kit.base, FILE));
        let seen = 0;
        kit.disk.faults.when = (op) => (op.call === call && seen++ === nth ? 'EIO' : null);
        const failed = await kit.publish(2).then(() => false, () => true);
        kit.disk.faults.when = () => null;
        if (failed) {
          met += 1;
          const now = kit.disk.bytes(path.join(kit.base, FILE));
          // The name may have been given before the error came.
          if (!now.equals(before)) await kit.isRight();
        }
        const checked = await kit.twins.check(() => 'tree/aside.json');
        expect(checked.state).not.toBe('lost');
        await kit.publish(1);
        await kit.isRight();
        await kit.publish(1);
        await kit.isRight();
      }
    }
    if (call !== 'truncate' && call !== 'unlink') expect(met).toBeGreaterThan(0);
  });

  it('of the folder after a part was sealed does not let it be written to again', async () => {
    const kit = await onSim();
    await kit.publish(3);
    await kit.prepare(2);
    kit.disk.faults.failNext('EIO', 'syncFolder');
    await expect(kit.twins.seal('tree/file.0001.json')).rejects.toThrow('EIO');
    const part = path.join(kit.base, 'tree/file.0001.json');
    const sealed = kit.disk.bytes(part);
    let changed = false;
    kit.disk.faults.onOp = () => void (changed ||= !kit.disk.bytes(part).equals(sealed));
    await kit.prepare(0);
    expect(changed).toBe(false);
    await kit.twins.seal('tree/file.0001.json');
    expect(kit.disk.bytes(part)).toEqual(sealed);
  });
});

it('without hard links every version is a whole copy', async () => {
  const kit = await onSim();
  kit.disk.faults.when = ({ call }) => (call === 'link' ? 'EPERM' : null);
  for (let i = 0; i < 5; i += 1) {
    await kit.publish(3);
    await kit.isRight();
    expect((await kit.twins.check(() => 'tree/aside.json')).state).toBe('intact');
  }
  expect(await kit.restart(JSON.parse(JSON.stringify(kit.twins)) as JsonObject)).toBe(true);
  await kit.publish(1);
  await kit.isRight();
});

it('a hidden name somebody removed, or gave a second name, is not written to', async () => {
  const kit = await onSim();
  for (let i = 0; i < 3; i += 1) await kit.publish(3);
  const publicIno = (await kit.disk.stat(path.join(kit.base, FILE))).ino;
  const hidden = [];
  for (const name of kit.disk.files('/base/.ledger/shadow')) if ((await kit.disk.stat(name)).ino !== publicIno) hidden.push(name);
  expect(hidden).toHaveLength(1);
  await kit.disk.link(hidden[0]!, '/base/tree/second.json');
  const second = kit.disk.bytes('/base/tree/second.json');
  await kit.publish(2);
  await kit.isRight();
  expect(kit.disk.bytes('/base/tree/second.json')).toEqual(second);
  for (const name of kit.disk.files('/base/.ledger/shadow')) await kit.disk.unlink(name);
  await kit.publish(2).catch(() => kit.publish(0));
  await kit.isRight();
});
