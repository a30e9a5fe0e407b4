import { readFileSync, existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, type TestContext } from 'vitest';
import { capturedTraces } from '../../../test/vectors.ts';
import { displayHash, parseHeader } from '../../bitcoin/header.ts';
import { bytesToHex, concatBytes, writeU32BE, writeU32LE } from '../../common/bytes.ts';
import { BM13XX_CHIPS } from '../chips.ts';
import { encodeRead, encodeWrite } from '../command.ts';
import { replyTrailer } from '../crc5.ts';
import { FAST, hex } from '../vectors.fixture.ts';
import { encodeFullHeaderJob } from '../job-full-header.ts';
import { nextJobId } from '../job-id.ts';
import { encodeMidstateJob, midstateJobOf } from '../job-midstate.ts';
import { eventToJson, summaryToJson } from './json.ts';
import { Replay, replayTrace } from './replay.ts';
import { decodeTraceLine, type TraceChunk } from './trace-line.ts';

/** A job and its nonce, accepted by a pool (BM1370). */
const JOB = '55aa2156680100000000043a0217d76854685519a7cb044f88726355919e61a98bcf71a0c28795ea54db8c36414b06ddf5f00000000000000000965201001d3996bca3f4670dfcd4f201c162b96dfd55646b00000020721c';
const NONCE = 'aa554c0352750cd205a29c';
const CHIP = 'aa55137000000000000010';
const tx = (text: string): TraceChunk => ({ direction: 'tx', bytes: hex(text) });
const rx = (text: string): TraceChunk => ({ direction: 'rx', bytes: hex(text) });

interface TraceRecord { hex: string; dir: string; t?: string; difficulty?: number; job_no?: number; header?: boolean; counts?: { cmd: number; reg: number; job: number; ok: number } }

function loadTrace(context: TestContext, file: string): { header: TraceRecord; lines: string[] } {
  if (!existsSync(file)) context.skip(`no external vectors: ${file} not found (set RIGBRAIN_VECTORS)`);
  const [first, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return { header: JSON.parse(first!) as TraceRecord, lines };
}

describe('decodeTraceLine', () => {
  it('takes chunks, leaves other objects and says what is wrong', () => {
    expect(decodeTraceLine('{"dir":"rx","hex":"AA55","t_ms":1}')).toEqual({ kind: 'chunk', chunk: rx('aa55') });
    expect(decodeTraceLine('{"description":"x","header":true}')).toEqual({ kind: 'other' });
    expect(decodeTraceLine('{"dir":"event","event":"host_baud_change"}')).toEqual({ kind: 'other' });
    expect(decodeTraceLine(' ')).toEqual({ kind: 'other' });
    for (const text of ['{', '[]', 'null', '{"dir":"up","hex":""}', '{"dir":"tx","hex":7}', '{"dir":"rx","hex":"a"}', '{"dir":"rx"}', '{"hex":"aa"}']) expect(decodeTraceLine(text).kind).toBe('bad');
  });
});

describe('Replay', () => {
  it('proves a share the pool accepted', () => {
    const { events, summary } = replayTrace([tx('55aa520500000a'), rx(CHIP), tx(JOB), rx(NONCE), rx(NONCE)]);
    expect(events.at(-2)).toMatchObject({ type: 'nonce', chip: 'BM1370', verdict: 'verified', duplicate: false, version: 0x20b44000, jobSerial: 0, location: { jobId: 0x68, core: 38, subCore: 2 } });
    expect((events.at(-2) as { difficulty: number }).difficulty).toBeCloseTo(29588.014, 2);
    expect(summary).toEqual({
      chip: 'BM1370', chips: 1, commands: 1, jobs: 1, registers: 1, nonces: 2, noncesVerified: 2, noncesBelowTicket: 0, noncesUnknownJob: 0,
      hardwareErrors: 0, duplicates: 1, crcErrors: 0, bytesSkipped: 0, bytesIncomplete: 0,
    });
  });

  it('finds out how a chip packs job ids when the capture does not name it', () => {
    expect(replayTrace([tx(JOB), rx(NONCE)]).summary).toMatchObject({ chip: null, nonces: 1, noncesVerified: 1 });
  });

  it('tells a nonce below the ticket, one without a job and one that is nothing', () => {
    const hard = bytesToHex(encodeWrite('all', 0x14, 0x0000ffff));
    expect(replayTrace([tx(hard), tx(JOB), rx(NONCE)]).events.at(-1)).toMatchObject({ verdict: 'below-ticket' });
    expect(replayTrace([rx(NONCE)], BM13XX_CHIPS.BM1370).summary).toMatchObject({ noncesUnknownJob: 1, noncesVerified: 0 });
    const body = hex('4c0352760cd205a2');
    const wrong = bytesToHex(Uint8Array.of(0xaa, 0x55, ...body, replyTrailer(body, 4)));
    expect(replayTrace([tx(JOB), rx(wrong)], BM13XX_CHIPS.BM1370).events.at(-1)).toMatchObject({ verdict: 'hardware-error', jobSerial: 0 });
  });

  it.each(Object.values(BM13XX_CHIPS))('proves the nonce of the first block for a $name', (chip) => {
    const genesis = parseHeader(hex(`01000000${'00'.repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c`));
    const jobId = nextJobId(chip, 0);
    const midstates = chip.jobFormat === 'midstate';
    const job = midstates ? encodeMidstateJob(midstateJobOf(jobId, genesis, [2, 3, 1, 4])) : encodeFullHeaderJob({ ...genesis, jobId, startNonce: 0 });
    const nonce = new Uint8Array(chip.replyBytes - 3);
    writeU32LE(nonce, genesis.nonce);
    nonce[5] = (jobId << chip.jobId.replyShift) | (midstates ? 2 : 5);
    const idReply = new Uint8Array(6);
    writeU32BE(idReply, chip.chipId * 0x10000);
    const reply = (body: Uint8Array, type: number): TraceChunk => ({ direction: 'rx', bytes: Uint8Array.of(0xaa, 0x55, ...body, replyTrailer(body, type)) });
    // Named by a chip-id reply before rolling is on, and not named at all.
    const named = replayTrace([tx('55aa520500000a'), reply(idReply, 0), ...(midstates ? [] : [tx('55aa510900a49000ffff1c')]), { direction: 'tx', bytes: job }, reply(nonce, 4)]);
    const unnamed = replayTrace([{ direction: 'tx', bytes: job }, reply(nonce, 4)]);
    for (const { events, summary } of [named, unnamed]) {
      expect(summary).toMatchObject({ nonces: 1, noncesVerified: 1, crcErrors: 0, bytesSkipped: 0, bytesIncomplete: 0 });
      const event = events.at(-1)!;
      if (event.type !== 'nonce') throw new Error(`not a nonce: ${event.type}`);
      expect(displayHash(event.hash!)).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
      expect(event.location).toMatchObject(midstates ? { midstateSlot: 2, subCore: null, jobId } : { midstateSlot: null, subCore: 5, jobId });
      expect(JSON.parse(JSON.stringify(eventToJson(event)))).toMatchObject({ type: 'nonce', verdict: 'verified', nonce: '7c2bac1d', hash: displayHash(event.hash!) });
    }
    expect(named.summary).toMatchObject({ chip: chip.name, chips: 1 });
    expect(summaryToJson(named.summary)).toMatchObject({ chip: chip.name, chips: 1, jobs: 1, nonces: 1, nonces_verified: 1, duplicates: 0, crc_errors: 0, bytes_skipped: 0 });
  });

  it('follows a chain through a reset to short replies and back', () => {
    const short = 'aa551362030000000d';
    const { summary } = replayTrace([tx('55aa510900a49000ffff1c'), tx('55aa520500000a'), rx(CHIP), tx(JOB), rx(NONCE), tx('55aa520500000a'), rx(short + short), tx('55aa510900a49000ffff1c'), rx(NONCE)]);
    expect(summary).toMatchObject({ chip: 'BM1370', chips: 2, registers: 3, nonces: 2, crcErrors: 0, bytesSkipped: 0 });
  });

  it('writes every event as JSON', () => {
    const { events } = replayTrace([tx('55aa520500000a'), tx('00'), rx(CHIP), tx(JOB), rx(`00${NONCE}`), rx('aa55')]);
    expect(events.map((event) => JSON.parse(JSON.stringify(eventToJson(event))) as unknown)).toEqual([
      { type: 'command', hex: '55aa520500000a', kind: 'read', target: 'all', register: 0, register_name: 'chipId' },
      { type: 'skipped', dir: 'tx', bytes: 1, crc_errors: 0 },
      { type: 'register', hex: CHIP, register: 0, register_name: 'chipId', chip_address: 0, value: '13700000', fields: { chipId: 0x1370, coreNumber: 0, address: 0 } },
      { type: 'job', hex: JOB, format: 'full-header', job: 0, job_id: 0x68, version: '20000000', ntime: '685468d7', nbits: '17023a04' },
      {
        type: 'nonce', hex: NONCE, chip: 'BM1370', verdict: 'verified', duplicate: false, job: 0, job_id: 0x68, nonce: '7552034c', version: '20b44000', core: 38, sub_core: 2, midstate_slot: null,
        address_field: null, difficulty: expect.closeTo(29588.014, 2) as number, hash: '0000000000023704cface997bcf7388694ea43dae96c51d80658687a7d8827fe',
      },
      { type: 'skipped', dir: 'rx', bytes: 1, crc_errors: 0 },
    ]);
  });

  it('does not depend on how the capture is cut, and counts what it skips', () => {
    const down = concatBytes(encodeRead('all', 0), encodeWrite('all', 0xa4, 0x9000ffff), hex(JOB));
    const up = hex(`${CHIP}00${NONCE}${NONCE.slice(0, -2)}9d`);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (size) => {
        const cut = (direction: 'tx' | 'rx', bytes: Uint8Array): TraceChunk[] => Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => ({ direction, bytes: bytes.slice(i * size, (i + 1) * size) }));
        const { summary } = replayTrace([...cut('tx', down), ...cut('rx', up)]);
        expect(summary).toMatchObject({ chips: 1, commands: 2, jobs: 1, nonces: 1, noncesVerified: 1, crcErrors: 1, bytesSkipped: 12 });
      }),
    );
  });

  it('never throws on anything', () => {
    const chunk = fc.record({ direction: fc.constantFrom<'tx' | 'rx'>('tx', 'rx'), bytes: fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(hex(JOB), hex(NONCE), hex(CHIP), hex('55aa21'))) });
    fc.assert(fc.property(fc.array(chunk), (chunks) => void replayTrace(chunks)), { numRuns: FAST ? 100 : 1000 });
  });
});

// External vectors, asic/trace_bm1366_*.jsonl.
describe.each(capturedTraces())('the capture of a board with 110 BM1366 (%#)', (file) => {
  it('proves every nonce', { timeout: 60_000 }, (context) => {
    const { header, lines } = loadTrace(context, file);
    const replay = new Replay();
    const chips = new Set<number>();
    for (const text of lines) {
      const record = JSON.parse(text) as TraceRecord;
      const line = decodeTraceLine(text);
      if (line.kind === 'other' && record.dir !== 'tx' && record.dir !== 'rx') continue; // the change of speed
      if (line.kind !== 'chunk') throw new Error(`unexpected line ${text}`);
      const events = replay.push(line.chunk);
      expect(events).toHaveLength(1);
      const event = events[0]!;
      if (event.type !== 'nonce') continue;
      expect(event).toMatchObject({ verdict: 'verified', duplicate: false });
      if (record.difficulty !== undefined) expect(event.difficulty).toBeCloseTo(record.difficulty, 2);
      if (record.job_no !== undefined) expect(event.jobSerial).toBe(record.job_no);
      expect(event.location!.excessBits).toBe(Math.floor(Math.log2((event.difficulty! * 0x10000) / 0xffff / 256)));
      expect(event.location!.subCore).toBe((event.location!.versionBits! >> 13) & 7);
      chips.add(event.location!.addressField!);
    }
    const counts = header.counts!;
    expect(replay.summary()).toEqual({
      chip: 'BM1366', chips: 110, commands: counts.cmd, jobs: counts.job, registers: counts.reg, nonces: counts.ok, noncesVerified: counts.ok, noncesBelowTicket: 0,
      noncesUnknownJob: 0, hardwareErrors: 0, duplicates: 0, crcErrors: 0, bytesSkipped: 0, bytesIncomplete: 0,
    });
    expect([...chips].sort((a, b) => a - b)).toEqual(Array.from({ length: 110 }, (_, i) => 2 * i));
  });

  it('proves all that is left when one reply in ten is damaged', { timeout: 60_000 }, (context) => {
    const { header, lines } = loadTrace(context, file);
    const replay = new Replay();
    let nonces = 0;
    let damaged = 0;
    for (const text of lines) {
      const line = decodeTraceLine(text);
      if (line.kind !== 'chunk') continue;
      let { bytes } = line.chunk;
      if (line.chunk.direction === 'rx' && (JSON.parse(text) as TraceRecord).t === 'nonce' && nonces++ % 10 === 0) {
        const at = damaged % bytes.length;
        damaged += 1;
        // In turn: a byte missing, a bit flipped, a byte too many in front.
        if (damaged % 3 === 0) bytes = concatBytes(bytes.subarray(0, at), bytes.subarray(at + 1));
        else if (damaged % 3 === 1) bytes = bytes.map((byte, i) => (i === at ? byte ^ (1 << (damaged % 8)) : byte));
        else bytes = concatBytes(Uint8Array.of(0xaa), bytes);
      }
      replay.push({ direction: line.chunk.direction, bytes });
    }
    const counts = header.counts!;
    const summary = replay.summary();
    const lost = damaged - Math.floor((damaged + 1) / 3);
    // Only what was damaged is lost: none of the whole replies around it.
    expect(summary.noncesVerified).toBe(counts.ok - lost);
    expect(summary).toMatchObject({ chips: 110, jobs: counts.job, duplicates: 0, noncesBelowTicket: 0, hardwareErrors: 0 });
    expect(summary.crcErrors).toBeGreaterThan(lost / 2);
    expect(summary.bytesSkipped).toBeGreaterThan(damaged);
  });
});
