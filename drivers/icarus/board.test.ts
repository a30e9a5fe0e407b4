import { expect, it } from 'vitest';
import { readU32LE } from '../../protocol/common/bytes.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { GOLDEN_WORK } from '../../protocol/icarus/golden.ts';
import type { BoardNonce, BoardTrouble } from '../asic/board.ts';
import { fulfilLastWills } from '../safety/last-will.ts';
import { FakeLine, passUntil } from '../stick/fake-line.fixture.ts';
import { IcarusBoard, type IcarusBoardParts } from './board.ts';
import { fakeIcarus, firstNonce, nonceOf, packetOf, workOf } from './fake-icarus.fixture.ts';

const ZEROS = 8;

function board(options: Partial<IcarusBoardParts['options']> = {}, extra?: Uint8Array) {
  const clock = new ManualClock();
  const line = new FakeLine();
  const device = fakeIcarus(line, extra);
  const it = new IcarusBoard({ deviceId: 'stick', transport: line, options: { model: 'block-erupter', nonce_zero_bits: ZEROS, ...options }, clock, log: silentLog });
  const nonces: BoardNonce[] = [];
  const troubles: BoardTrouble[] = [];
  const sent: number[] = [];
  let idle = 0;
  let answers = 0;
  it.events.on('nonce', (nonce) => nonces.push(nonce));
  it.events.on('trouble', (trouble) => troubles.push(trouble));
  it.events.on('sent', (id) => sent.push(id));
  it.events.on('idle', () => idle++);
  it.events.on('answer', () => answers++);
  const start = (signal = new AbortController().signal) => passUntil(clock, it.start(signal));
  return { board: it, clock, line, device, nonces, troubles, sent, start, idle: () => idle, answers: () => answers };
}

it('starts when the golden work is answered, with the rate of the model', async () => {
  const { board: erupter, start, device } = board();
  const facts = await start();
  expect(device.golden).toBe(1);
  expect(facts).toMatchObject({ chips: 1, zeroBits: ZEROS, hashesPerNonce: 256, answerWithinMs: null, frequencyMhz: null, jobIntervalMs: 10_000 });
  expect(Math.round(facts.hashrateNominalHs / 1e6)).toBe(336);
  expect(erupter.facts).toBe(facts);
  expect((await board({ hash_time_ns: 1 }).start()).hashrateNominalHs).toBe(1e9);
});

it('says what is wrong when nobody, somebody else or another model answers', async () => {
  const silent = board();
  silent.device.mute = true;
  await expect(silent.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: expect.stringContaining('no ASICMINER') as string });
  expect(silent.board.facts).toBe(null);

  const gps = board();
  gps.line.onWrite = () => gps.line.say(new TextEncoder().encode('$GPGGA,'));
  await expect(gps.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: expect.stringContaining('is no ASICMINER') as string });

  const antminer = board({}, Uint8Array.of(0x80));
  await expect(antminer.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', hint: 'Set `model` to antminer-u.' });
  await expect(board({ model: 'antminer-u' }, Uint8Array.of(0x80)).start()).resolves.toMatchObject({ hashrateNominalHs: 1.6e9 });
});

it('is not misled by the last nonce of a device that hashed on', async () => {
  const { start, line, device } = board();
  const answer = line.onWrite;
  line.onWrite = (packet) => {
    if (device.golden === 0) line.say(Uint8Array.of(1, 2, 3, 4));
    answer(packet);
  };
  await start();
  expect(device.golden).toBe(2);
});

it('gives a nonce to the work it proves, and asks for new work when the newest is done', async () => {
  const { board: erupter, clock, line, device, nonces, sent, start, idle, answers } = board();
  await start();
  const [first, second] = [workOf(1), workOf(2)];
  erupter.send(first);
  erupter.send(second);
  expect(device.works).toEqual([packetOf(first), packetOf(second)]);

  await Promise.resolve();
  await Promise.resolve();
  expect(sent).toEqual([2]);

  // Overtaken by the second work.
  const late = firstNonce(first, ZEROS);
  line.say(late);
  expect(nonces).toEqual([{ workId: 1, nonce: nonceOf(late), version: readU32LE(first.header), chip: null, core: null, receivedMono: clock.monotonic() }]);
  expect(idle()).toBe(0);
  const found = firstNonce(second, ZEROS);
  line.say(found);
  expect(nonces[1]).toMatchObject({ workId: 2, nonce: nonceOf(found) });
  expect([idle(), answers()]).toEqual([1, 2]);

  // Proves nothing: told all the same, for the newest work, to be counted as an error.
  clock.advance(100);
  line.say(Uint8Array.of(0xff, 0xff, 0xff, 0xfe));
  expect(nonces[2]).toMatchObject({ workId: 2 });
  expect([idle(), answers()]).toEqual([2, 2]);
});

it('finds the beginning of a reply again after a lost and after a stray byte', async () => {
  const { board: erupter, clock, line, nonces, start, idle } = board();
  await start();
  const work = workOf(5);
  erupter.send(work);
  const nonce = firstNonce(work, ZEROS);
  line.say(nonce.subarray(1));
  clock.advance(1000);
  expect([nonces.length, erupter.readings().bytes_skipped, idle()]).toEqual([0, 3, 1]);
  line.say(nonce);
  expect(nonces).toHaveLength(1);
  clock.advance(1000);
  line.say(Uint8Array.of(0x55));
  clock.advance(1000);
  line.say(nonce);
  expect(nonces).toHaveLength(2);
  expect(erupter.readings().bytes_skipped).toBe(4);
});

it('does not call for work faster than it could be used', async () => {
  const { board: erupter, clock, line, start, idle } = board();
  await start();
  erupter.send(workOf(1));
  for (let i = 0; i < 500; i++) {
    line.say(Uint8Array.of(i, i, i, 1));
    clock.advance(1);
  }
  expect(idle()).toBeLessThanOrEqual(11);
});

it('measures the clock of models that have no fixed one', async () => {
  const { board: antminer, clock, line, start } = board({ model: 'antminer-u' }, Uint8Array.of(0x80));
  expect((await start()).jobIntervalMs).toBeLessThan(60);
  const work = workOf(9);
  antminer.send(work);
  const nonce = firstNonce(work, ZEROS);
  // One nonce every 128 ms, as of silicon that makes 33.6 GH/s.
  for (let i = 0; i < 70; i++) {
    clock.advance(128);
    line.say(Uint8Array.from([...nonce, 0x81]));
  }
  expect(antminer.facts!.hashrateNominalHs).toBeCloseTo(2 ** 32 / 0.128, 0);
  expect(antminer.facts!.nonceIntervalMs).toBeCloseTo(128, 1);
  expect(antminer.facts!.jobIntervalMs).toBeCloseTo(0.6 * 128, 1);
});

it('a Rockminer that asks for work has found nothing', async () => {
  const { board: rockminer, clock, line, nonces, start, idle } = board({ model: 'rockminer' }, new Uint8Array(4));
  await start();
  const work = workOf(3);
  rockminer.send(work);
  line.say(Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 2));
  expect([nonces.length, idle()]).toEqual([0, 1]);
  clock.advance(100);
  line.say(Uint8Array.from([...firstNonce(work, ZEROS), 0, 0, 0, 0]));
  expect(nonces).toMatchObject([{ workId: 3 }]);
});

it('is made idle by golden work: on halt, on stop and by the last will', async () => {
  const { board: erupter, line, device, nonces, start } = board();
  await start();
  erupter.send(workOf(1));
  await erupter.halt();
  expect(device.golden).toBe(2);
  expect(erupter.facts).toBe(null);
  erupter.send(workOf(2));
  expect(device.works).toHaveLength(1);
  expect(nonces).toEqual([]);
  await start();
  await erupter.stop();
  expect(device.golden).toBe(4);
  expect(line.isOpen).toBe(false);
  await erupter.stop();
  expect(fulfilLastWills()).toEqual([]);
  expect(line.written.at(-1)).toEqual(GOLDEN_WORK);
});

it('tells when the port has gone, during a start too', async () => {
  const running = board();
  await running.start();
  running.line.unplug('unplugged');
  expect(running.troubles).toEqual([{ kind: 'gone', reason: 'unplugged' }]);
  expect(running.board.facts).toBe(null);
  await running.board.stop();

  const starting = board();
  starting.line.onWrite = () => starting.line.unplug('pulled');
  await expect(starting.start()).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });

  const abort = new AbortController();
  const aborted = board();
  aborted.line.onWrite = () => abort.abort(new Error('enough'));
  await expect(aborted.start(abort.signal)).rejects.toThrow('enough');
  expect(aborted.clock.pendingTimers).toBe(0);
});
