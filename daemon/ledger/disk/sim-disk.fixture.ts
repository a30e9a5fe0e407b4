import path from 'node:path';
import { BLOCK, type Disk, type DiskFile, type DiskStat, type OpenMode } from './disk.ts';
import { DiskFaults, diskError, type DiskCall } from './disk-faults.fixture.ts';
import { luckOf, SimContent, type CutOptions, type Random } from './sim-content.fixture.ts';
import { PendingNames, type NameEdit, type NameOp } from './sim-names.fixture.ts';

/** An inode. It belongs to one disk; other disks that share it copy it before they change it. */
interface Node {
  readonly owner: object;
  readonly ino: number;
  /** Names it has; 0 with open handles is a file that was removed while in use. */
  nlink: number;
  mtimeMs: number;
  readonly content: SimContent | null;
  /** A folder's names, and those of them that a power cut leaves. */
  readonly names: Map<string, number> | null;
  readonly durableNames: Map<string, number> | null;
}

export interface SimDiskOptions {
  /** Bytes it holds, in whole blocks; null = no limit. */
  readonly capacity?: number | null;
  /** Lets calls take a random number of turns, so that those made at the same time overlap in every order. */
  readonly jitter?: Random | null;
  /** For the times of files; left out, they count calls. */
  readonly now?: () => number;
}

type Settings = Required<SimDiskOptions>;

const ROOT = 1;

/**
 * A disk in memory that knows what a power cut leaves of it, in the manner of SQLite's crash tests: what was written and
 * not synced is kept, lost, torn or turned to noise by sector; names survive up to some point in their order. It is no
 * kinder than the contract of `Disk`: syncing a file says nothing about its name, syncing a folder nothing about another.
 */
export class SimDisk implements Disk {
  readonly faults = new DiskFaults();
  capacity: number | null;
  /** True for files and folders whose sync is told to be done and is not. */
  lies: (file: string) => boolean = () => false;
  readonly #settings: Settings;
  #owner = {};
  #nodes = new Map<number, Node>();
  #nextNode = ROOT + 1;
  #pending = new PendingNames();
  #handles = new Map<number, number>();
  #freeInos: number[] = [];
  #nextIno = 2;
  #usedBlocks = 0;
  /** Nodes without a name or a user; the durable names may still know them. */
  #gone = new Set<number>();
  #isOff = false;

  constructor(options: SimDiskOptions = {}) {
    this.#settings = { capacity: null, jitter: null, now: counter(), ...options };
    this.capacity = this.#settings.capacity;
    this.#nodes.set(ROOT, this.#newNode(true));
  }

  // What a test does with it.

  /** A copy as it is now, with nothing open: what is left when the process is killed. Costs little; the original runs on. */
  clone(): SimDisk {
    const copy = this.#sibling();
    // Neither owns what both have.
    this.#owner = {};
    copy.#nodes = new Map(this.#nodes);
    copy.#pending = this.#pending.clone();
    copy.#usedBlocks = this.#usedBlocks;
    copy.#freeInos = [...this.#freeInos];
    copy.#nextIno = this.#nextIno;
    copy.#gone = new Set(this.#gone);
    for (const id of this.#handles.keys()) copy.#freeIfGone(id);
    return copy;
  }

  /** What a power cut at this moment leaves, as a disk that was just plugged in. */
  crash(random: Random, options: CutOptions): SimDisk {
    const left = this.#sibling();
    const changed = new Map<number, Map<string, number>>();
    for (const { folder, name, node } of this.#pending.survivors(random, { ...options, kept: luckOf(random, options).kept }).flatMap((op) => op.edits)) {
      let names = changed.get(folder);
      if (!names) changed.set(folder, (names = new Map(this.#nodes.get(folder)!.durableNames)));
      setName(names, name, node);
    }
    const survive = (id: number): void => {
      const known = left.#nodes.get(id);
      if (known !== undefined && id !== ROOT) {
        known.nlink += 1;
        return;
      }
      const node = this.#nodes.get(id)!;
      if (node.names === null) {
        const shared = node.content!.isClean;
        const content = shared ? node.content : node.content!.afterCut(random, luckOf(random, options));
        left.#nodes.set(id, { ...node, owner: shared ? this.#owner : left.#owner, nlink: 1, content });
        left.#usedBlocks += content!.blocks;
        return;
      }
      const names = changed.get(id) ?? new Map(node.durableNames);
      left.#nodes.set(id, { ...node, owner: left.#owner, nlink: 1, names, durableNames: new Map(names) });
      for (const child of names.values()) survive(child);
    };
    survive(ROOT);
    left.#renumber();
    this.#owner = {};
    return left;
  }

  /** From now on no call ever settles, as for a program whose power is gone. */
  powerOff(): void {
    this.#isOff = true;
  }

  /** Every file, sorted. */
  files(folder = '/'): string[] {
    const found: string[] = [];
    const walk = (id: number, at: string): void => {
      for (const [name, child] of this.#nodes.get(id)!.names!) {
        const file = path.posix.join(at, name);
        if (this.#nodes.get(child)!.names === null) found.push(file);
        else walk(child, file);
      }
    };
    const top = this.#find(folder);
    if (top !== null) walk(top, folder);
    return found.sort();
  }

  /** A file's bytes, past all faults. */
  bytes(file: string): Buffer {
    const id = this.#find(file);
    const content = id === null ? null : this.#nodes.get(id)!.content;
    if (content === null) throw diskError('ENOENT', 'bytes', file);
    const bytes = Buffer.alloc(content.size);
    content.read(bytes, 0);
    return bytes;
  }

  /** Something that stands for a file's bytes as they are for ever; null when this disk may still change them in place. */
  frozen(file: string): object | null {
    const node = this.#nodes.get(this.#find(file) ?? -1);
    return node === undefined || node.owner === this.#owner ? null : node.content;
  }

  /** Names a file has, past all faults. */
  nlink(file: string): number {
    return this.#nodes.get(this.#find(file) ?? -1)?.nlink ?? 0;
  }

  /** Changes a file's bytes durably and behind everyone's back: rot, or an edit by hand. */
  tamper(file: string, change: (bytes: Buffer) => Uint8Array): void {
    const node = this.#own(this.#need(file, 'tamper'));
    this.#usedBlocks -= node.content!.blocks;
    node.content!.replace(change(this.bytes(file)));
    this.#usedBlocks += node.content!.blocks;
  }

  get usedBytes(): number {
    return this.#usedBlocks * BLOCK;
  }

  /** True when a power cut now would lose nothing. */
  get isDurable(): boolean {
    return this.#pending.ops.length === 0 && [...this.#nodes.values()].every((node) => node.nlink === 0 || node.content === null || node.content.isClean);
  }

  // Disk

  open(file: string, mode: OpenMode): Promise<DiskFile> {
    return this.#call(mode === 'create' ? 'create' : 'open', file, () => {
      let id: number;
      if (mode === 'create') {
        const [folder, name] = this.#place(file, 'open');
        if (this.#nodes.get(folder)!.names!.has(name)) throw diskError('EEXIST', 'open', file);
        id = this.#add(false);
        this.#edit([{ folder, name, node: id }]);
      } else {
        id = this.#need(file, 'open');
        if (mode === 'update' && this.#nodes.get(id)!.names !== null) throw diskError('EISDIR', 'open', file);
      }
      this.#handles.set(id, (this.#handles.get(id) ?? 0) + 1);
      return this.#handle(id, file, mode !== 'read');
    });
  }

  stat(file: string): Promise<DiskStat> {
    return this.#call('stat', file, () => this.#statOf(this.#need(file, 'stat')));
  }

  readdir(folder: string): Promise<string[]> {
    return this.#call('readdir', folder, () => {
      const { names } = this.#nodes.get(this.#need(folder, 'scandir'))!;
      if (names === null) throw diskError('ENOTDIR', 'scandir', folder);
      return [...names.keys()].sort();
    });
  }

  mkdir(folder: string): Promise<string | undefined> {
    return this.#call('mkdir', folder, () => {
      let at = ROOT;
      let first: string | undefined;
      const parts = partsOf(folder);
      parts.forEach((name, depth) => {
        const names = this.#nodes.get(at)!.names!;
        let next = names.get(name);
        if (next === undefined) {
          next = this.#add(true);
          this.#edit([{ folder: at, name, node: next }], { makes: next });
          first ??= `/${parts.slice(0, depth + 1).join('/')}`;
        } else if (this.#nodes.get(next)!.names === null) throw diskError(depth === parts.length - 1 ? 'EEXIST' : 'ENOTDIR', 'mkdir', folder);
        at = next;
      });
      return first;
    });
  }

  link(file: string, name: string): Promise<void> {
    return this.#call('link', name, () => {
      const node = this.#need(file, 'link');
      if (this.#nodes.get(node)!.names !== null) throw diskError('EPERM', 'link', file);
      const [folder, last] = this.#place(name, 'link');
      if (this.#nodes.get(folder)!.names!.has(last)) throw diskError('EEXIST', 'link', name);
      this.#edit([{ folder, name: last, node }]);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', to, () => {
      const node = this.#need(from, 'rename');
      const [oldFolder, oldName] = this.#place(from, 'rename');
      const [folder, name] = this.#place(to, 'rename');
      const replaced = this.#nodes.get(folder)!.names!.get(name);
      // Two names of one file: POSIX has the call succeed and do nothing.
      if (replaced === node) return;
      const isFolder = this.#nodes.get(node)!.names !== null;
      if (replaced !== undefined && this.#nodes.get(replaced)!.names !== null) throw diskError(isFolder ? 'ENOTEMPTY' : 'EISDIR', 'rename', to);
      if (replaced !== undefined && isFolder) throw diskError('ENOTDIR', 'rename', to);
      this.#edit([{ folder: oldFolder, name: oldName, node: null }, { folder, name, node }]);
    });
  }

  unlink(file: string): Promise<void> {
    return this.#call('unlink', file, () => {
      if (this.#nodes.get(this.#need(file, 'unlink'))!.names !== null) throw diskError('EISDIR', 'unlink', file);
      const [folder, name] = this.#place(file, 'unlink');
      this.#edit([{ folder, name, node: null }]);
    });
  }

  rmdir(folder: string): Promise<void> {
    return this.#call('rmdir', folder, () => {
      const id = this.#need(folder, 'rmdir');
      const { names } = this.#nodes.get(id)!;
      if (names === null) throw diskError('ENOTDIR', 'rmdir', folder);
      if (names.size > 0) throw diskError('ENOTEMPTY', 'rmdir', folder);
      const [parent, name] = this.#place(folder, 'rmdir');
      this.#edit([{ folder: parent, name, node: null }], { removes: id });
    });
  }

  syncFolder(folder: string): Promise<void> {
    return this.#call('syncFolder', folder, () => {
      const id = this.#need(folder, 'fsync');
      if (this.lies(folder)) return;
      for (const { folder: parent, name, node } of this.#pending.take(id).flatMap((op) => op.edits)) setName(this.#own(parent).durableNames!, name, node);
    });
  }

  // How it works.

  #handle(id: number, file: string, mayWrite: boolean): DiskFile {
    let isOpen = true;
    const call = <T>(name: DiskCall, writes: boolean, act: (content: SimContent) => T, onFault?: (content: SimContent) => void): Promise<T> => {
      const get = (): SimContent => {
        if (!isOpen || (writes && !mayWrite)) throw diskError('EBADF', name, file);
        const known = this.#nodes.get(id)!;
        const node = writes || known.content?.isClean === false ? this.#own(id) : known;
        if (node.content === null) throw diskError('EISDIR', name, file);
        return node.content;
      };
      return this.#call(name, file, () => act(get()), onFault && (() => onFault(get())));
    };
    return {
      read: (into, position) => call('read', false, (content) => content.read(into, position)),
      write: (bytes, position) => {
        const half = bytes.subarray(0, this.faults.halfWrites ? bytes.length >> 1 : 0);
        return call('write', true, (content) => this.#write(id, content, file, bytes, position), (content) => this.#write(id, content, file, half, position));
      },
      datasync: () =>
        call('datasync', false, (content) => {
          if (!this.lies(file)) content.sync();
        }, (content) => content.failSync()),
      truncate: (bytes) =>
        call('truncate', true, (content) => {
          this.#usedBlocks -= content.blocks;
          content.truncate(bytes);
          this.#usedBlocks += content.blocks;
          this.#own(id).mtimeMs = this.#settings.now();
        }),
      stat: () => this.#call('stat', file, () => (isOpen ? this.#statOf(id) : fail('EBADF', 'fstat', file))),
      close: async () => {
        if (this.#isOff) return forever();
        if (!isOpen) return;
        isOpen = false;
        const others = this.#handles.get(id)! - 1;
        if (others > 0) this.#handles.set(id, others);
        else {
          this.#handles.delete(id);
          this.#freeIfGone(id);
        }
      },
    };
  }

  async #call<T>(call: DiskCall, file: string, act: () => T, onFault?: () => void): Promise<T> {
    await this.#wait();
    if (this.#isOff) return forever();
    const error = await this.faults.meet(call, file);
    if (this.#isOff) return forever();
    if (error !== null) {
      onFault?.();
      throw error;
    }
    const result = act();
    await this.#wait();
    return this.#isOff ? forever() : result;
  }

  async #wait(): Promise<void> {
    if (this.#settings.jitter === null) return;
    for (let turns = Math.floor(this.#settings.jitter() * 8); turns > 0; turns -= 1) await null;
  }

  #write(id: number, content: SimContent, file: string, bytes: Uint8Array, position: number): void {
    let room = this.capacity === null ? Infinity : Math.floor(this.capacity / BLOCK) - this.#usedBlocks;
    let fits = 0;
    while (fits < bytes.length) {
      const at = position + fits;
      if (!content.hasBlock(Math.floor(at / BLOCK)) && (room -= 1) < 0) break;
      fits = Math.min(bytes.length, fits + BLOCK - (at % BLOCK));
    }
    const before = content.blocks;
    content.write(bytes.subarray(0, fits), position);
    this.#usedBlocks += content.blocks - before;
    this.#own(id).mtimeMs = this.#settings.now();
    if (fits < bytes.length) throw diskError('ENOSPC', 'write', file);
  }

  #statOf(id: number): DiskStat {
    const { content, ino, mtimeMs, nlink } = this.#nodes.get(id)!;
    return { size: content === null ? BLOCK : content.size, ino, mtimeMs, isFolder: content === null, nlink };
  }

  /** A disk like this one, with nothing on it. */
  #sibling(): SimDisk {
    const other = new SimDisk({ ...this.#settings, capacity: this.capacity });
    other.#nextNode = this.#nextNode;
    other.lies = this.lies;
    return other;
  }

  #newNode(isFolder: boolean): Node {
    const names = isFolder ? new Map<string, number>() : null;
    return { owner: this.#owner, ino: this.#takeIno(), nlink: isFolder ? 1 : 0, mtimeMs: this.#settings.now(), content: isFolder ? null : new SimContent(), names, durableNames: isFolder ? new Map() : null };
  }

  /** The lowest free number, as ext4 gives them out: a new file often has the number of one just removed. */
  #takeIno(): number {
    if (this.#freeInos.length === 0) return this.#nextIno++;
    const lowest = Math.min(...this.#freeInos);
    this.#freeInos.splice(this.#freeInos.indexOf(lowest), 1);
    return lowest;
  }

  /** After a cut two files may have one number: the later one gets another. */
  #renumber(): void {
    const seen = new Set<number>();
    const twice: number[] = [];
    for (const [id, { ino }] of this.#nodes) if (seen.has(ino)) twice.push(id);
    else seen.add(ino);
    this.#nextIno = Math.max(...seen) + 1;
    for (const id of twice) this.#nodes.set(id, { ...this.#nodes.get(id)!, ino: this.#nextIno++ });
  }

  #add(isFolder: boolean): number {
    const id = this.#nextNode++;
    this.#nodes.set(id, this.#newNode(isFolder));
    return id;
  }

  /** A node this disk may change. */
  #own(id: number): Node {
    const node = this.#nodes.get(id)!;
    if (node.owner === this.#owner) return node;
    const { content, names, durableNames } = node;
    const copy = { ...node, owner: this.#owner, content: content?.clone() ?? null, names: names && new Map(names), durableNames: durableNames && new Map(durableNames) };
    this.#nodes.set(id, copy);
    return copy;
  }

  #edit(edits: readonly NameEdit[], more: Omit<NameOp, 'edits'> = {}): void {
    const before: number[] = [];
    for (const { folder, name, node } of edits) {
      const parent = this.#own(folder);
      parent.mtimeMs = this.#settings.now();
      const old = parent.names!.get(name);
      setName(parent.names!, name, node);
      if (node !== null && this.#nodes.get(node)!.content !== null) this.#own(node).nlink += 1;
      if (old === undefined || this.#nodes.get(old)!.content === null) continue;
      this.#own(old).nlink -= 1;
      before.push(old);
    }
    this.#pending.add({ edits, ...more });
    for (const id of before) this.#freeIfGone(id);
  }

  /** Gives back the room and the number of a file that has lost its last name and its last user. */
  #freeIfGone(id: number): void {
    const node = this.#nodes.get(id)!;
    if (node.nlink > 0 || this.#handles.has(id) || this.#gone.has(id)) return;
    this.#freeInos.push(node.ino);
    this.#usedBlocks -= node.content?.blocks ?? 0;
    this.#gone.add(id);
    if (this.#gone.size > 256) this.#forgetGone();
  }

  #forgetGone(): void {
    const needed = new Set(this.#pending.ops.flatMap((op) => op.edits.map((edit) => edit.node)));
    for (const node of this.#nodes.values()) for (const child of node.durableNames?.values() ?? []) needed.add(child);
    for (const id of this.#gone) {
      if (needed.has(id)) continue;
      this.#gone.delete(id);
      this.#nodes.delete(id);
    }
  }

  #find(file: string): number | null {
    let at = ROOT;
    for (const name of partsOf(file)) {
      const next = this.#nodes.get(at)!.names?.get(name);
      if (next === undefined) return null;
      at = next;
    }
    return at;
  }

  #need(file: string, what: string): number {
    return this.#walk(partsOf(file), what, file);
  }

  #walk(parts: readonly string[], what: string, file: string): number {
    let at = ROOT;
    for (const name of parts) {
      const { names } = this.#nodes.get(at)!;
      if (names === null) throw diskError('ENOTDIR', what, file);
      at = names.get(name) ?? fail('ENOENT', what, file);
    }
    return at;
  }

  #place(file: string, what: string): [folder: number, name: string] {
    const parts = partsOf(file);
    const folder = this.#walk(parts.slice(0, -1), what, file);
    if (this.#nodes.get(folder)!.names === null) throw diskError('ENOTDIR', what, file);
    return [folder, parts.at(-1) ?? ''];
  }
}

function setName(names: Map<string, number>, name: string, node: number | null): void {
  if (node === null) names.delete(name);
  else names.set(name, node);
}

/** Paths taken apart before: a test asks for the same few again and again. */
const knownParts = new Map<string, readonly string[]>();

function partsOf(file: string): readonly string[] {
  let parts = knownParts.get(file);
  if (parts !== undefined) return parts;
  if (knownParts.size > 10_000) knownParts.clear();
  knownParts.set(file, (parts = path.posix.resolve(file).split('/').filter((part) => part !== '')));
  return parts;
}

function fail(code: string, what: string, file: string): never {
  throw diskError(code, what, file);
}

function forever(): Promise<never> {
  return new Promise(() => {});
}

function counter(): () => number {
  let time = Date.UTC(2026, 0, 1);
  return () => (time += 1);
}
