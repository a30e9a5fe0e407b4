import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { replayCommand } from './replay.ts';

/** A job for a BM1370, the chip's answer to "who are you", and the nonce a pool accepted. */
const CAPTURE = [
  '{"dir": "tx", "hex": "55aa520500000a"}',
  '{"dir": "rx", "hex": "aa55137000000000000010"}',
  '{"dir": "tx", "t_ms": 12, "hex": "55aa2156680100000000043a0217d76854685519a7cb044f88726355919e61a98bcf71a0c28795ea54db8c36414b06ddf5f00000000000000000965201001d3996bca3f4670dfcd4f201c162b96dfd55646b00000020721c"}',
  '{"dir": "rx", "t_ms": 840, "hex": "aa554c0352750cd205a29c"}',
];
const COUNTS = { type: 'summary', chip: 'BM1370', chips: 1, jobs: 1, nonces: 1, nonces_verified: 1, duplicates: 0, crc_errors: 0, bytes_skipped: 0, lines_left_out: 0 };

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-replay-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function replay(lines: readonly string[], ...flags: string[]) {
  writeFileSync(path.join(dir, 'capture.jsonl'), `${lines.join('\n')}\n`);
  const io = new FakeIo(dir);
  const code = await runCli(['replay', 'capture.jsonl', ...flags], io);
  return { code, out: io.outLines, err: io.errLines };
}

describe('rigbrain replay', () => {
  it('says what every frame is and proves the nonce', async () => {
    const { code, out } = await replay(CAPTURE);
    expect(code).toBe(0);
    expect(out.slice(0, 4)).toEqual([
      'tx  read register 00 chipId of all chips',
      'rx  chip 00: register 00 chipId = 13700000',
      'tx  job 0 (id 104, full-header)',
      'rx  nonce 7552034c for job 0, difficulty 29590: verified',
    ]);
    expect(out).toContain('nonces_verified      1');
  });

  it('ends with the counts as JSON, each frame before on a line of its own', async () => {
    const { out } = await replay(CAPTURE, '--json');
    const lines = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['type'])).toEqual(['command', 'register', 'job', 'nonce', 'summary']);
    expect(lines[3]).toMatchObject({ hex: 'aa554c0352750cd205a29c', verdict: 'verified', job: 0, version: '20b44000', hash: expect.stringMatching(/^0000/) as string });
    expect(lines[4]).toMatchObject(COUNTS);
  });

  it('reads standard input, in whatever pieces', async () => {
    const io = new FakeIo(dir);
    const pieces = CAPTURE.join('\n').match(/.{1,37}|\n/gs) ?? [];
    expect(await replayCommand(io, { json: true } as Parameters<typeof replayCommand>[1], '-', { summary: true }, Readable.from(pieces))).toBe(0);
    expect(io.outLines.map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining(COUNTS)]);
  });

  it('names lines that are no capture, leaves them out and ends with 1', async () => {
    const { code, err, out } = await replay([...CAPTURE, 'garbage', '{"dir": "up", "hex": ""}'], '--summary', '--json');
    expect(code).toBe(1);
    expect(err).toEqual(['capture.jsonl:5: not JSON; line left out', 'capture.jsonl:6: "dir" is neither "tx" nor "rx"; line left out']);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ ...COUNTS, lines_left_out: 2 });
  });

  it('ends with 1 when a nonce comes twice or cannot be proved', async () => {
    expect((await replay([...CAPTURE, CAPTURE[3] as string], '--summary')).code).toBe(1);
    expect((await replay([CAPTURE[1] as string, CAPTURE[3] as string], '--summary')).code).toBe(1);
  });

  it('says of a capture of other devices that it does not read those', async () => {
    const { code, err } = await replay(['{"dir":"tx","hex":"0781000000000000"}']);
    expect({ code, err }).toEqual({ code: 1, err: [expect.stringMatching(/not one frame of these chips.*BM1384, BM1387 and Icarus/)] });
    expect((await replay(CAPTURE)).err).toEqual([]);
  });

  it('takes a file with a byte order mark', async () => {
    expect(await replay([`\uFEFF${CAPTURE[0]}`, ...CAPTURE.slice(1)])).toMatchObject({ code: 0, err: [] });
  });

  it('says clearly what it cannot read', async () => {
    const missing = new FakeIo(dir);
    expect(await runCli(['replay', 'none.jsonl'], missing)).toBe(1);
    expect(missing.errLines.join('\n')).toMatch(/none\.jsonl cannot be read: .*ENOENT/);
    const { code, err } = await replay(['', '{"note": "nothing"}']);
    expect([code, err.join('\n')]).toEqual([1, expect.stringContaining('capture.jsonl has no line of a capture among its 2')]);
    const { code: flag, err: told } = await replay(CAPTURE, '--chip', 'BM9');
    expect([flag, told.join('\n')]).toEqual([78, expect.stringContaining('BM1370')]);
  });
});
