import { BLOCK } from './disk.ts';

export type Random = () => number;

/** What a power cut does to what was not synced. Probabilities in 0..1. */
export interface CutOptions {
  /** That a sector, a size or a name that was on its way got there whole. */
  readonly kept: number;
  /** Of the sectors that did not: that some first bytes are new and the rest old. */
  readonly torn: number;
  /** Of the sectors that did not: that they hold noise. */
  readonly garbage: number;
  /** What the medium writes at once: everything in it may suffer. */
  readonly sector: 512 | typeof BLOCK;
  /** The sectors beside one on its way, within the same block, may suffer as it does. */
  readonly collateral: boolean;
  /** Each file has luck of its own; false: all share `kept`. */
  readonly uneven: boolean;
  /** Names survive in one order over the whole disk, as ext4's journal has it, or in each folder by itself. */
  readonly names: 'journal' | 'folders';
}

interface Dirty {
  /** Contents since the last sync, oldest first; null where a truncation gave the block back. */
  readonly versions: { readonly bytes: Uint8Array | null; readonly sizeStep: number }[];
  /** One bit per 512 bytes touched. */
  sectors: number;
  /** A failed sync was told about it: the kernel thinks it is written and does not try again. */
  forgotten: boolean;
}

const SECTORS = BLOCK / 512;
/** Contents of one block that a cut can choose from; a block rewritten more often forgets those in between. */
const MAX_VERSIONS = 6;

/** The bytes of one file: as programs see them, and as much of them as a power cut must leave. Blocks are never changed, only replaced. */
export class SimContent {
  size = 0;
  #blocks = new Map<number, Uint8Array>();
  #durableSize = 0;
  #durable = new Map<number, Uint8Array>();
  #dirty = new Map<number, Dirty>();
  /** Sizes it had since the last sync, oldest first. */
  #sizes: number[] = [];

  get isClean(): boolean {
    return this.#dirty.size === 0 && this.#sizes.length === 0;
  }

  /** Blocks it takes up. */
  get blocks(): number {
    return this.#blocks.size;
  }

  hasBlock(index: number): boolean {
    return this.#blocks.has(index);
  }

  clone(): SimContent {
    const copy = new SimContent();
    copy.size = this.size;
    copy.#blocks = new Map(this.#blocks);
    copy.#durableSize = this.#durableSize;
    copy.#durable = new Map(this.#durable);
    for (const [index, dirty] of this.#dirty) copy.#dirty.set(index, { ...dirty, versions: [...dirty.versions] });
    copy.#sizes = [...this.#sizes];
    return copy;
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(position + into.length, this.size);
    for (let at = position; at < end; ) {
      const within = at % BLOCK;
      const length = Math.min(BLOCK - within, end - at);
      const block = this.#blocks.get((at - within) / BLOCK);
      const target = into.subarray(at - position, at - position + length);
      if (block === undefined) target.fill(0);
      else target.set(block.subarray(within, within + length));
      at += length;
    }
    return Math.max(0, end - position);
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    for (let at = position; at < end; ) {
      const within = at % BLOCK;
      const length = Math.min(BLOCK - within, end - at);
      const block = this.#copyOf((at - within) / BLOCK);
      block.set(bytes.subarray(at - position, at - position + length), within);
      this.#put((at - within) / BLOCK, block, within, within + length);
      at += length;
    }
    if (end > this.size && bytes.length > 0) this.#resize(end);
  }

  truncate(size: number): void {
    if (size === this.size) return;
    const from = Math.ceil(size / BLOCK);
    const step = this.#sizes.length + 1;
    if (size < this.size) {
      for (let index = from; index < Math.ceil(this.size / BLOCK); index += 1) {
        if (!this.#blocks.delete(index) && !this.#dirty.has(index)) continue;
        const dirty = this.#dirtyOf(index);
        dirty.versions.push({ bytes: null, sizeStep: step });
        dirty.sectors = 2 ** SECTORS - 1;
      }
      const within = size % BLOCK;
      if (within > 0 && this.#blocks.has(from - 1)) this.#put(from - 1, this.#copyOf(from - 1).fill(0, within), within, BLOCK);
    }
    this.#resize(size);
  }

  sync(): void {
    for (const [index, dirty] of this.#dirty) {
      const block = this.#blocks.get(index);
      if (block === undefined) this.#durable.delete(index);
      else if (!dirty.forgotten) this.#durable.set(index, block);
      else {
        // The truncations are in the file system's own journal, which the next sync completes.
        const cut = dirty.versions.findLastIndex((version) => version.bytes === null);
        if (cut >= 0) this.#durable.delete(index);
        dirty.versions.splice(0, cut + 1);
        continue;
      }
      this.#dirty.delete(index);
    }
    this.#durableSize = this.size;
    this.#sizes = [];
  }

  /** A sync that failed: what was to be written may be gone, and no later sync makes up for it. */
  failSync(): void {
    for (const dirty of this.#dirty.values()) dirty.forgotten = true;
  }

  /** What is left after a power cut, as a file without a past. */
  afterCut(random: Random, options: CutOptions): SimContent {
    const left = new SimContent();
    const steps = countKept(random, this.#sizes.length, options.kept);
    left.size = this.#sizeAfter(steps, random, options.kept);
    const blocks = new Map(this.#durable);
    for (const [index, dirty] of this.#dirty) {
      const block = blockAfterCut(this.#durable.get(index) ?? null, dirty, steps, random, options);
      if (block === null) blocks.delete(index);
      else blocks.set(index, block);
    }
    const edge = Math.floor(left.size / BLOCK);
    for (const [index, block] of blocks) {
      if (index > edge || (index === edge && left.size % BLOCK === 0)) continue;
      left.#blocks.set(index, index === edge ? Uint8Array.from(block).fill(0, left.size % BLOCK) : block);
    }
    left.#durable = new Map(left.#blocks);
    left.#durableSize = left.size;
    return left;
  }

  /** Replaces everything, durably. */
  replace(bytes: Uint8Array): void {
    this.truncate(0);
    this.write(bytes, 0);
    for (const dirty of this.#dirty.values()) dirty.forgotten = false;
    this.sync();
  }

  #sizeAfter(steps: number, random: Random, kept: number): number {
    const size = steps === 0 ? this.#durableSize : this.#sizes[steps - 1]!;
    const next = this.#sizes[steps];
    // A long write can be half allocated: the size then stands at the end of some block of it.
    if (next === undefined || next <= size || kept === 0 || random() < 0.75) return size;
    const blocks = Math.floor(next / BLOCK) - Math.floor(size / BLOCK);
    return blocks <= 0 ? size : (Math.floor(size / BLOCK) + 1 + Math.floor(random() * blocks)) * BLOCK;
  }

  #resize(size: number): void {
    this.size = size;
    this.#sizes.push(size);
  }

  #copyOf(index: number): Uint8Array {
    const block = this.#blocks.get(index);
    return block === undefined ? new Uint8Array(BLOCK) : Uint8Array.from(block);
  }

  #put(index: number, block: Uint8Array, from: number, to: number): void {
    const dirty = this.#dirtyOf(index);
    this.#blocks.set(index, block);
    dirty.versions.push({ bytes: block, sizeStep: 0 });
    if (dirty.versions.length > MAX_VERSIONS) {
      const between = dirty.versions.findIndex((version) => version.bytes !== null);
      dirty.versions.splice(between, 1);
    }
    for (let sector = Math.floor(from / 512); sector * 512 < to; sector += 1) dirty.sectors |= 1 << sector;
    dirty.forgotten = false;
  }

  #dirtyOf(index: number): Dirty {
    let dirty = this.#dirty.get(index);
    if (dirty === undefined) this.#dirty.set(index, (dirty = { versions: [], sectors: 0, forgotten: false }));
    return dirty;
  }
}

/** How many of `count` changes in a row survive. */
export function countKept(random: Random, count: number, kept: number): number {
  if (count === 0 || kept === 0) return 0;
  if (kept === 1) return count;
  const luck = random();
  if (luck < kept / 2) return count;
  if (luck > (1 + kept) / 2) return 0;
  return Math.floor(random() * (count + 1));
}

function blockAfterCut(durable: Uint8Array | null, dirty: Dirty, sizeSteps: number, random: Random, options: CutOptions): Uint8Array | null {
  const cut = dirty.versions.findLastIndex((version) => version.bytes === null && version.sizeStep <= sizeSteps);
  const old = cut >= 0 ? null : durable;
  const news = dirty.versions.slice(cut + 1).flatMap((version) => (version.bytes === null ? [] : [version.bytes]));
  const newest = news.at(-1);
  if (newest === undefined) return old;
  const result = old === null ? new Uint8Array(BLOCK) : Uint8Array.from(old);
  const before = old ?? new Uint8Array(BLOCK);
  for (let at = 0; at < BLOCK; at += options.sector) {
    const touched = options.sector === BLOCK || options.collateral || (dirty.sectors & (1 << (at / 512))) !== 0;
    if (!touched) result.set(newest.subarray(at, at + options.sector), at);
    else result.set(sectorAfterCut(before, news, at, random, options), at);
  }
  return result;
}

function sectorAfterCut(old: Uint8Array, news: readonly Uint8Array[], at: number, random: Random, options: CutOptions): Uint8Array {
  const part = (bytes: Uint8Array): Uint8Array => bytes.subarray(at, at + options.sector);
  const newest = news.at(-1)!;
  if (random() < options.kept) return part(newest);
  const luck = random();
  if (luck < options.garbage) return Uint8Array.from({ length: options.sector }, () => Math.floor(random() * 256));
  if (luck < options.garbage + options.torn) {
    const mixed = Uint8Array.from(part(old));
    mixed.set(part(newest).subarray(0, Math.floor(random() * options.sector)));
    return mixed;
  }
  // The cache may have been written out at any moment in between.
  return random() < 0.25 ? part(news[Math.floor(random() * news.length)]!) : part(old);
}

const KEPT = [0, 0.1, 0.5, 0.9, 1] as const;

/** The luck of one file. */
export function luckOf(random: Random, options: CutOptions): CutOptions {
  return options.uneven ? { ...options, kept: oneOf(random, KEPT) } : options;
}

/** One of the many ways a power cut can go. */
export function randomCut(random: Random): CutOptions {
  return {
    kept: oneOf(random, KEPT),
    torn: oneOf(random, [0, 0.3, 0.5]),
    garbage: oneOf(random, [0, 0.2, 0.5]),
    sector: oneOf(random, [512, BLOCK]),
    collateral: random() < 0.5,
    uneven: random() < 0.5,
    names: oneOf(random, ['journal', 'folders']),
  };
}

export function oneOf<T>(random: Random, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)]!;
}
