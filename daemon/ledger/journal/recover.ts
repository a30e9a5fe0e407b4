import path from 'node:path';
import { isObject } from '../../../protocol/common/json.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import { BLOCK, type Disk } from '../disk/disk.ts';
import { withFile } from '../disk/files.ts';
import type { Damage, Recovered } from './contract.ts';
import { segmentLines } from './lines.ts';
import { CHAIN_START, decodeRecord, isRecord, type LedgerRecord } from './record.ts';
import { CLOSED_LINE, decodeHeader, segmentsIn, type Gap, type SegmentHeader, type SegmentRef } from './segment.ts';

/** Why a line is named that has good ones after it. */
export const DAMAGED = 'the checksum is wrong';

/** What a run left behind, and what the next one needs to go on. */
export interface Recovery {
  readonly recovered: Recovered;
  /** Chain value of the last record. */
  readonly chain: string;
  /** Records that should be in the newest segments and are not. */
  readonly gaps: readonly Gap[];
  /** Highest number a file in the folder has, 0 when there is none. */
  readonly lastNumber: number;
  /** The newest segment, null when there is none. */
  readonly newest: Newest | null;
}

interface Newest {
  readonly ref: SegmentRef;
  /** Where only line ends follow; null when the last line is torn, which is left as it is. */
  readonly usedBytes: number | null;
  /** Nothing in it that the next header does not say as well. */
  readonly isSpent: boolean;
}

interface Scan {
  readonly ref: SegmentRef;
  readonly header: SegmentHeader | null;
  readonly first: LedgerRecord | null;
  readonly last: LedgerRecord | null;
  readonly notes: readonly JsonObject[];
  readonly gaps: readonly Gap[];
  readonly damage: readonly Damage[];
  /** There is a line in it that cannot be read and has good ones after it, be it damage or what a power cut left. */
  readonly isBroken: boolean;
  readonly usedBytes: number | null;
  readonly closed: boolean;
  /** It has lines other than header, `p` and `c`. */
  readonly hasOther: boolean;
}

/**
 * Reads the newest segment, and those before it only as far as its header is lost.
 * @throws the disk's error when the folder or a segment cannot be opened: going on without knowing the last number would give numbers out twice
 */
export async function recover(disk: Disk, folder: string): Promise<Recovery> {
  const refs = await segmentsIn(disk, folder);
  const scans: Scan[] = [];
  for (const ref of refs.toReversed()) {
    const scan = await scanSegment(disk, folder, ref);
    scans.unshift(scan);
    if (scan.header !== null) break;
  }
  return { ...join(scans), lastNumber: refs.at(-1)?.number ?? 0 };
}

/** What the scans say together, oldest first; only the oldest may have a header. */
function join(scans: readonly Scan[]): Omit<Recovery, 'lastNumber'> {
  let lastSeq = 0;
  let lastAt: number | null = null;
  let chain = CHAIN_START;
  let headerAfter = 0;
  let gaps: Gap[] = [];
  const views = new Map<unknown, JsonObject>();
  for (const { header, first, last, notes, gaps: within } of scans) {
    if (header !== null) {
      ({ after: lastSeq, lastAt, chain } = header);
      headerAfter = lastSeq;
      for (const state of header.views) views.set(state['p'], state);
    }
    for (const state of notes) views.set(state['p'], state);
    if (first === null || last === null) continue;
    // Where a header is lost, what earlier segments have from its first record on is void; unless it is a copy, see listSegments().
    const isCopy = first.seq - 1 < headerAfter;
    if (isCopy && last.seq <= lastSeq) continue;
    if (!isCopy) gaps = gaps.filter(([from]) => from < first.seq);
    const before = lastSeq;
    if (first.seq > before + 1) gaps.push([before + 1, first.seq - 1]);
    for (const [from, to] of within) if (!isCopy || to > before) gaps.push([isCopy ? Math.max(from, before + 1) : from, to]);
    ({ seq: lastSeq, at: lastAt, chain } = last);
  }
  const newest = scans.at(-1);
  const recovered: Recovered = {
    lastSeq,
    lastAt,
    views: [...views.values()].filter((state) => state['closed'] !== true),
    damage: scans.flatMap((scan) => scan.damage),
    unclean: newest !== undefined && !newest.closed,
  };
  if (newest === undefined) return { recovered, chain, gaps, newest: null };
  const isSpent = newest.header !== null && newest.first === null && !newest.hasOther && !newest.isBroken && newest.damage.length === 0 && newest.usedBytes !== null;
  // A spent segment is about to be removed, and with it what it says about gaps.
  if (isSpent) gaps.unshift(...newest.header!.gaps);
  return { recovered, chain, gaps, newest: { ref: newest.ref, usedBytes: newest.usedBytes, isSpent } };
}

async function scanSegment(disk: Disk, folder: string, ref: SegmentRef): Promise<Scan> {
  const damage: Damage[] = [];
  const name = (offset: number, reason: string): void => void damage.push({ segment: ref.name, offset, reason });
  let header: SegmentHeader | null = null;
  let first: LedgerRecord | null = null;
  let last: LedgerRecord | null = null;
  const notes: JsonObject[] = [];
  const gaps: Gap[] = [];
  /** Damaged lines of the group at hand: they count once it is known that the group had been synced. */
  let torn: number[] = [];
  let isBroken = false;
  let isHoled = false;
  let damagedAt: number | null = null;
  let usedBytes: number | null = 0;
  let closed = false;
  let hasOther = false;
  const lines = segmentLines(disk, folder, ref, 0, (offset, error) => name(offset, `cannot be read: ${String(error)}`));
  for await (const batch of lines) {
    for (const { offset, end, json } of batch) {
      const record: LedgerRecord | null = json !== null && isRecord(json) ? decodeRecord(json) : null;
      if (json === null || (record === null && isRecord(json))) {
        damagedAt ??= offset;
        usedBytes = null;
        continue;
      }
      if (damagedAt !== null) torn.push(damagedAt);
      damagedAt = null;
      isBroken ||= torn.length > 0;
      // What a lost header said is in the segment before.
      isHoled ||= torn.some((at) => at > 0);
      if (endsGroup(offset, json)) {
        for (const at of torn) name(at, DAMAGED);
        torn = [];
      }
      usedBytes = end;
      closed = json === CLOSED_LINE;
      if (record !== null) {
        const before: number | undefined = last?.seq ?? header?.after;
        if (before !== undefined && record.seq <= before) continue;
        if (last !== null && record.seq > last.seq + 1) gaps.push([last.seq + 1, record.seq - 1]);
        first ??= record;
        last = record;
      } else if (offset === 0) {
        header = decodeHeader(json, ref.number);
      } else if (json.startsWith('{"p":')) {
        // A note builds on those before it: behind a hole it would say that all files are further than theirs say.
        if (!isHoled) notes.push(...statesIn(json));
      } else if (json !== CLOSED_LINE) {
        hasOther = true;
      }
    }
  }
  if (header === null && damage[0]?.offset !== 0) damage.unshift({ segment: ref.name, offset: 0, reason: 'the header is missing' });
  return { ref, header, first, last, notes, gaps, damage, isBroken, usedBytes, closed, hasOther };
}

/**
 * Every commit begins a block and is synced before the next begins, so a line at the start of a block says that what stands
 * before it was once whole on the disk. Of the last group a power cut may leave any part.
 */
export function endsGroup(offset: number, json: string): boolean {
  return offset % BLOCK === 0 || json === CLOSED_LINE;
}

function statesIn(note: string): JsonObject[] {
  const { p } = JSON.parse(note) as JsonObject;
  return Array.isArray(p) ? (p as unknown[]).filter(isObject) : [];
}

/**
 * Makes durable what was found in the newest segment: after a crash of the process alone it may be in the kernel's memory
 * only, and the next header is about to call it valid. Never rejects: what cannot be synced was read all the same.
 */
export async function settleNewest(disk: Disk, folder: string, ref: SegmentRef): Promise<void> {
  if (ref.packed) return;
  await withFile(disk, path.join(folder, ref.name), 'update', (file) => file.datasync()).catch(() => {});
}

/**
 * Cuts a segment that is written no more behind the block that holds byte `used`. Never rejects.
 * A cut within that block would write it again, and a power cut at that moment could take the durable lines in it.
 */
export async function trimSegment(disk: Disk, folder: string, name: string, used: number): Promise<void> {
  const bytes = Math.ceil(used / BLOCK) * BLOCK;
  await withFile(disk, path.join(folder, name), 'update', async (file) => {
    if ((await file.stat()).size > bytes) await file.truncate(bytes);
  }).catch(() => {});
}
