import { createHash, type Hash } from 'node:crypto';
import path from 'node:path';
import type { JsonObject, ViewTarget } from '../../brainstem/contract.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { withFile } from '../disk/files.ts';
import { withoutComma, type Frame } from '../views/layout.ts';
import type { Batch, Delta } from '../views/item.ts';
import { ViewState, type Step, type ViewContext } from '../views/view-state.ts';

/** What a file should be, without its entries in memory: its head and tail, and a digest of what is between. */
interface Expected {
  readonly frame: Frame;
  readonly itemBytes: number;
  readonly digest: string;
}

const READ_BYTES = 1 << 20;

/** Follows the records of one file up to where the file is, and compares the two. */
export class FileCheck {
  readonly target: ViewTarget;
  readonly state: ViewState;
  /** Last record that the file says it has. */
  readonly throughSeq: number;
  #hash: Hash = createHash('sha256');
  #items = 0;
  readonly #sealed: { readonly file: string; readonly expected: Expected }[] = [];

  constructor(target: ViewTarget, context: ViewContext, throughSeq: number) {
    this.target = target;
    this.state = new ViewState(target, context);
    this.throughSeq = throughSeq;
  }

  take(deltas: readonly Delta[], batch: Batch): void {
    for (const step of this.state.apply(deltas, batch)) this.#step(step);
  }

  #step(step: Step): void {
    if (step.kind === 'append') {
      this.#hash.update(this.#items === 0 ? withoutComma(step.chunk) : step.chunk);
      this.#items += step.items;
      return;
    }
    this.#sealed.push({ file: step.part.file, expected: { frame: step.frame, itemBytes: step.itemBytes, digest: this.#hash.digest('hex') } });
    this.#hash = createHash('sha256');
    this.#items = 0;
  }

  /** Files of earlier parts. */
  get parts(): readonly string[] {
    return this.#sealed.map(({ file }) => file);
  }

  /** @returns what is wrong, file by file */
  async problems(disk: Disk, base: string): Promise<{ readonly file: string; readonly what: string }[]> {
    const found: { file: string; what: string }[] = [];
    const all = [...this.#sealed, { file: this.target.path, expected: { frame: this.state.frame(), itemBytes: this.state.itemBytes, digest: this.#hash.copy().digest('hex') } }];
    for (const { file, expected } of all) {
      const what = await compare(disk, path.join(base, file), expected).catch((error: unknown) => `cannot be read: ${messageOf(error)}`);
      if (what !== null) found.push({ file, what });
    }
    return found;
  }
}

async function compare(disk: Disk, file: string, { frame: { head, tail }, itemBytes, digest }: Expected): Promise<string | null> {
  return withFile(disk, file, 'read', async (handle) => {
    const { size } = await handle.stat();
    const length = head.length + itemBytes + tail.length;
    const front = Buffer.alloc(Math.min(head.length, size));
    await handle.read(front, 0);
    if (!front.equals(head)) return describeHead(front, head, tail);
    if (size !== length) return `is ${size} bytes long and should be ${length}`;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, itemBytes)));
    for (let done = 0; done < itemBytes; ) {
      const piece = buffer.subarray(0, Math.min(buffer.length, itemBytes - done));
      const got = await handle.read(piece, head.length + done);
      if (got === 0) break;
      hash.update(piece.subarray(0, got));
      done += got;
    }
    if (hash.digest('hex') !== digest) return 'its entries are not those of the journal';
    const end = Buffer.alloc(tail.length);
    await handle.read(end, head.length + itemBytes);
    return end.equals(tail) ? null : 'its end is damaged';
  });
}

/** Names the fields that differ, when both can be read. */
function describeHead(front: Buffer, head: Buffer, tail: Buffer): string {
  try {
    const closing = tail.toString().trimStart();
    const [is, should] = [front, head].map((bytes) => flat(JSON.parse(bytes.toString() + closing) as JsonObject, ''));
    const differing = [...(should ?? [])].filter(([key, value]) => is?.get(key) !== value).map(([key, value]) => `${key} is ${is?.get(key) ?? 'missing'} and should be ${value}`);
    if (differing.length > 0) return differing.slice(0, 3).join('; ') + (differing.length > 3 ? `; and ${differing.length - 3} more` : '');
  } catch {
    return 'its head is damaged';
  }
  return 'its head is not written as it should be';
}

function flat(value: unknown, prefix: string, into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) flat(inner, prefix === '' ? key : `${prefix}.${key}`, into);
  else into.set(prefix, JSON.stringify(value));
  return into;
}
