import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeTraceLine } from '../../protocol/bm13xx/replay/trace-line.ts';
import { concatBytes } from '../../protocol/common/bytes.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { captureTransport } from './capture.ts';
import { CaptureFile, CaptureFolder } from './capture-file.ts';
import { transportContract } from './contract.fixture.ts';
import { MemoryTransport } from './memory.fixture.ts';

let folder = '';
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'capture-'))));
afterEach(() => rm(folder, { recursive: true }));

transportContract('a captured line', async () => {
  const line = new MemoryTransport();
  return {
    transport: captureTransport(line, new CaptureFile(path.join(folder, 'x.jsonl'), line.name)),
    received: () => concatBytes(...line.written),
    say: (bytes) => line.feed(bytes),
    unplug: async () => line.unplug(),
    hang: () => (line.stuck = true),
    close: async () => {},
  };
});

it('notes both directions down in order, and reads back', async () => {
  const line = new MemoryTransport('/dev/ttyTEST');
  const captures = new CaptureFolder(path.join(folder, 'a/b'), systemClock, silentLog);
  const tapped = captureTransport(line, captures.sinkFor(line.name));
  await tapped.open();
  tapped.events.on('data', (bytes) => void tapped.write(Uint8Array.of(...bytes, 9)));
  await tapped.write(Uint8Array.of(0x55, 0xaa));
  line.feed(Uint8Array.of(1, 2));
  await new Promise((resolve) => setImmediate(resolve));
  await tapped.setBaud(1_000_000);
  await tapped.close();
  const [name] = await readdir(path.join(folder, 'a/b'));
  expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d{6}Z-0001-ttyTEST\.jsonl$/);
  const lines = (await readFile(path.join(folder, 'a/b', name!), 'utf8')).trim().split('\n');
  expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual([
    { t_ms: expect.any(Number) as number, dir: 'tx', hex: '55aa', port: '/dev/ttyTEST' },
    { t_ms: expect.any(Number) as number, dir: 'rx', hex: '0102', port: '/dev/ttyTEST' },
    { t_ms: expect.any(Number) as number, dir: 'tx', hex: '010209', port: '/dev/ttyTEST' },
    { t_ms: expect.any(Number) as number, dir: 'event', event: 'host_baud_change', baud: 1_000_000, port: '/dev/ttyTEST' },
  ]);
  expect(lines.map((text) => decodeTraceLine(text).kind)).toEqual(['chunk', 'chunk', 'chunk', 'other']);
});

it('leaves no file of a port that was never open, and loses lines rather than the line when there is no room', async () => {
  const unused = new CaptureFile(path.join(folder, 'none.jsonl'), 'p');
  await unused.close();
  expect(await readdir(folder)).toEqual([]);
  const file = new CaptureFile(path.join(folder, 'small.jsonl'), 'p', { budget: { left: 150 } });
  for (let i = 0; i < 10; i++) file.bytes('tx', new Uint8Array(10));
  await file.close();
  file.bytes('tx', new Uint8Array(10));
  expect(file.counts).toEqual({ tx_bytes: 100, rx_bytes: 0, lines: 2, lines_lost: 8 });
  const lines = (await readFile(path.join(folder, 'small.jsonl'), 'utf8')).trim().split('\n');
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ event: 'lines_lost', lines: 8 });
  const nowhere = new CaptureFile(path.join(folder, 'no/such/folder.jsonl'), 'p');
  nowhere.bytes('rx', new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  nowhere.bytes('rx', new Uint8Array(1));
  await nowhere.close();
  expect(nowhere.counts.lines_lost).toBe(1);
});
