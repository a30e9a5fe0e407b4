import path from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BLOCK, isMissing, type Disk, type DiskFile } from '../disk/disk.ts';
import { checkedJson } from './record.ts';
import type { SegmentRef } from './segment.ts';

/** A line that is not empty. */
export interface Line {
  /** Byte offset of its first byte, and of the one after its last. */
  readonly offset: number;
  readonly end: number;
  /** Null when its checksum is wrong. */
  readonly json: string | null;
}

const LF = 10;
/** Reading begins small, for a header may be all that is wanted, and doubles up to this. */
const MAX_CHUNK_BYTES = 256 * 1024;
/** What has no line end for so long is no line of ours. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const MAX_RESYNC_TRIES = 64;

/**
 * The lines of a segment, a chunk's worth at a time, whether it is packed or not.
 * @param from byte offset to begin at, at the start of a line
 * @param onUnreadable told of each block the disk could not read; zeros stand in for it
 * @throws the disk's error when the file cannot be opened, zlib's when it cannot be unpacked
 */
export async function* segmentLines(disk: Disk, folder: string, segment: SegmentRef, from = 0, onUnreadable: (offset: number, error: unknown) => void = () => {}): AsyncGenerator<Line[]> {
  let packed = segment.packed;
  let file: DiskFile;
  try {
    file = await disk.open(path.join(folder, segment.name), 'read');
  } catch (error) {
    // Packed since the folder was listed.
    if (packed || !isMissing(error)) throw error;
    file = await disk.open(path.join(folder, `${segment.name}.gz`), 'read');
    packed = true;
  }
  try {
    yield* packed ? linesOf(skip(unpacked(chunksOf(file, 0, onUnreadable)), from), from) : linesOf(chunksOf(file, from, onUnreadable), from);
  } finally {
    await file.close();
  }
}

async function* chunksOf(file: DiskFile, from: number, onUnreadable: (offset: number, error: unknown) => void): AsyncGenerator<Buffer> {
  const { size } = await file.stat();
  let position = from;
  for (let bytes = BLOCK; position < size; bytes = Math.min(bytes * 2, MAX_CHUNK_BYTES)) {
    const chunk = Buffer.allocUnsafe(Math.min(bytes, size - position));
    const read = await readAround(file, chunk, position, onUnreadable);
    if (read === 0) return;
    yield chunk.subarray(0, read);
    position += read;
  }
}

/** Reads a chunk; when the disk refuses, block by block, so that one bad block costs no more than itself. */
async function readAround(file: DiskFile, chunk: Buffer, position: number, onUnreadable: (offset: number, error: unknown) => void): Promise<number> {
  try {
    return await file.read(chunk, position);
  } catch {
    for (let at = 0; at < chunk.length; at += BLOCK) {
      const block = chunk.subarray(at, at + BLOCK);
      try {
        await file.read(block, position + at);
      } catch (error) {
        block.fill(0);
        onUnreadable(position + at, error);
      }
    }
    return chunk.length;
  }
}

async function* unpacked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // The error, if any, comes out of the loop below.
  yield* pipeline(Readable.from(chunks), createGunzip(), () => {}) as AsyncIterable<Buffer>;
}

async function* skip(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** Cuts chunks into lines. Byte by byte and not by `split`, because room not used yet is a million empty lines. */
async function* linesOf(chunks: AsyncIterable<Buffer>, from: number): AsyncGenerator<Line[]> {
  let position = from;
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (begunBytes === 0 && chunk[at] === LF) {
        at += 1;
        continue;
      }
      const lineEnd = chunk.indexOf(LF, at);
      const part = chunk.subarray(at, lineEnd < 0 ? chunk.length : lineEnd);
      begunBytes += part.length;
      if (begunBytes <= MAX_LINE_BYTES) begun.push(part);
      else begun = [];
      at += part.length;
      if (lineEnd < 0) break;
      addLine(lines, begun, position + at - begunBytes, begunBytes);
      begun = [];
      begunBytes = 0;
    }
    position += chunk.length;
    if (lines.length > 0) yield lines;
  }
  if (begunBytes === 0) return;
  const last: Line[] = [];
  addLine(last, begun, position - begunBytes, begunBytes);
  yield last;
}

function addLine(lines: Line[], parts: readonly Buffer[], offset: number, length: number): void {
  const end = offset + length;
  if (length > MAX_LINE_BYTES) {
    lines.push({ offset, end, json: null });
    return;
  }
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const json = checkedJson(bytes.toString('utf8'));
  if (json !== null) lines.push({ offset, end, json });
  else addDamaged(lines, bytes, offset);
}

/** Whole lines at the start and the end of a damaged one: the line end between two was hit, or rubbish stops where a line begins. */
function addDamaged(lines: Line[], bytes: Buffer, offset: number): void {
  const end = offset + bytes.length;
  // Latin-1, so that an index is a byte offset.
  const starts = bytes.toString('latin1').matchAll(/[0-9a-f]{8} \{"/g);
  let tries = 0;
  for (const { index } of starts) {
    if (index === 0) continue;
    if (++tries > MAX_RESYNC_TRIES) break;
    const json = checkedJson(bytes.toString('utf8', index));
    if (json === null) continue;
    const before = checkedJson(bytes.toString('utf8', 0, index - 1));
    if (before === null) lines.push({ offset, end: offset + index, json: null });
    else lines.push({ offset, end: offset + index - 1, json: before }, { offset: offset + index - 1, end: offset + index, json: null });
    lines.push({ offset: offset + index, end, json });
    return;
  }
  lines.push({ offset, end, json: null });
}
