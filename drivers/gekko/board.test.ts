import { describe, expect, it } from 'vitest';
import { readU32LE } from '../../protocol/common/bytes.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { bm1384Mhz } from '../../protocol/gekko/bm1384-pll.ts';
import { bm1387Mhz } from '../../protocol/gekko/bm1387-pll.ts';
import type { GekkoStickName } from '../../protocol/gekko/sticks.ts';
import type { BoardNonce, BoardTrouble } from '../asic/board.ts';
import { workOf } from '../icarus/fake-icarus.fixture.ts';
import { FakeLine, passUntil } from '../stick/fake-line.fixture.ts';
import { GekkoBoard, type GekkoBoardParts } from './board.ts';
import { FakeGekko } from './fake-gekko.fixture.ts';

function rig(model: GekkoStickName, chips: number, options: Partial<GekkoBoardParts['options']> = {}) {
  const clock = new ManualClock();
  const line = new FakeLine();
  const fake = new FakeGekko(model === 'newpac' || model === 'r606' ? 'BM1387' : 'BM1384', chips, line);
  const board = new GekkoBoard({ deviceId: 'stick', model, transport: line, options: { nonce_zero_bits: 32, ...options }, clock, log: silentLog });
  const nonces: BoardNonce[] = [];
  const troubles: BoardTrouble[] = [];
  const sent: number[] = [];
  let answers = 0;
  board.events.on('nonce', (nonce) => nonces.push(nonce));
  board.events.on('trouble', (trouble) => troubles.push(trouble));
  board.events.on('sent', (id) => sent.push(id));
  board.events.on('answer', () => answers++);
  const start = (signal = new AbortController().signal) => passUntil(clock, board.start(signal));
  const mhz = () => (model === 'newpac' || model === 'r606' ? bm1387Mhz(fake.pllWord) : bm1384Mhz((fake.pll[0] << 7) | (fake.pll[1] << 2) | fake.pll[2]));
  return { clock, line, fake, board, nonces, troubles, sent, start, mhz, answers: () => answers };
}

describe('BM1384', () => {
  it('counts, addresses, opens the cores and climbs to its frequency', async () => {
    const { start, fake, mhz, board } = rig('2pac', 2, { frequency_mhz: 150 });
    const facts = await start();
    expect(facts).toMatchObject({ chips: 2, chipsExpected: 2, chip: 'BM1384', hashrateNominalHs: 2 * 55 * 150e6, frequencyMhz: 150, answerWithinMs: 6000, zeroBits: 32 });
    expect(mhz()).toBe(150);
    expect(fake.addresses).toEqual([0, 128]);
    expect(fake.tasks).toHaveLength(56);
    expect(fake.broken).toBe(0);
    // Steps of 6.25 MHz from 100 on, addresses after each.
    expect(fake.commands.filter((kind) => kind === 'set-frequency')).toHaveLength(1 + 8);
    expect(fake.commands.filter((kind) => kind === 'chain-inactive')).toHaveLength(1 + 8);
    expect(board.limits).toEqual({ frequency_mhz: [100, 400], voltage_v: null, fan_percent: null });
  });

  it('sends tasks with an id each, ticket and hash count, and finds the work of a nonce', async () => {
    const { start, fake, line, board, nonces, sent, clock } = rig('2pac', 2);
    await start();
    const before = fake.tasks.length;
    board.setTicket(5);
    for (let id = 1; id <= 40; id++) {
      board.send(workOf(id));
      clock.advance(20);
    }
    for (let i = 0; i < 5; i++) await Promise.resolve();
    const tasks = fake.tasks.slice(before);
    expect(tasks.map((task) => task.jobId)).toEqual(Array.from({ length: 40 }, (_, i) => i % 32));
    expect(tasks[0]).toMatchObject({ ticketMask: 3, hashCount: 0x7fff_ffff });
    expect(board.facts).toMatchObject({ hashesPerNonce: 2 ** 34 });
    expect(sent.at(-1)).toBe(40);

    line.say(fake.nonce(Uint8Array.of(0x01, 2, 3, 4), 7));
    line.say(fake.nonce(Uint8Array.of(0x81, 2, 3, 4), 8));
    expect(nonces).toEqual([
      { workId: 40, nonce: 0x0403_0201, version: readU32LE(workOf(40).header), chip: 0, core: null, receivedMono: clock.monotonic() },
      { workId: 9, nonce: 0x0403_0281, version: readU32LE(workOf(9).header), chip: 1, core: null, receivedMono: clock.monotonic() },
    ]);
  });

  it('never lets a command follow a task without a pause', async () => {
    const { start, board, line, clock } = rig('compac', 1);
    await start();
    const at: { length: number; at: number }[] = [];
    line.onWrite = (bytes) => at.push({ length: bytes.length, at: clock.monotonic() });
    for (let i = 0; i < 3000; i++) {
      if (i % 7 === 0) board.send(workOf(i));
      clock.advance(1);
    }
    expect(at.filter(({ length }) => length === 4)).toHaveLength(1);
    expect(at.filter(({ length }) => length === 64).length).toBeGreaterThan(300);
    at.slice(1).forEach((frame, i) => expect(frame.at - at[i]!.at).toBeGreaterThan((at[i]!.length * 10_000) / 115_200));
  });

  it('opens no core with chips missing, and says how many', async () => {
    const { start, fake, board } = rig('2pac', 1);
    await expect(start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: expect.stringContaining('1 of 2 BM1384') as string });
    expect(fake.tasks).toEqual([]);
    expect(board.facts).toBe(null);
    const silent = rig('compac', 1);
    silent.fake.mute = true;
    await expect(silent.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: expect.stringContaining('no BM1384') as string });
    await expect(rig('terminus-r5', 5).start()).resolves.toMatchObject({ chips: 5, chipsExpected: null });
    await expect(rig('terminus-r5', 3, { chips: 5 }).start()).rejects.toMatchObject({ message: expect.stringContaining('3 of 5') as string });
  });

  it.each([['compac', 1], ['terminus-r5', 5]] as const)('%s: does not count late answers as further chips', async (model, chips) => {
    const late = rig(model, chips);
    const answer = late.line.onWrite;
    const held: Uint8Array[] = [];
    let asked = 0;
    // The answers to the first question come with those to the second.
    late.line.onWrite = (bytes) => {
      const { say } = late.line;
      late.line.say = (reply) => void held.push(reply);
      answer(bytes);
      late.line.say = say;
      if (bytes.length === 4 && ++asked === 1) return;
      for (const reply of held.splice(0)) late.line.say(reply);
    };
    expect(await late.start()).toMatchObject({ chips });
  });

  it('refuses a stick with more chips than it should have', async () => {
    await expect(rig('compac', 3).start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: expect.stringContaining('3 BM1384 of a') as string });
  });

  it('finds the beginning of a reply again after silence', async () => {
    const { start, board, line, fake, nonces, clock } = rig('compac', 1);
    await start();
    board.send(workOf(1));
    line.say(Uint8Array.of(0x11));
    clock.advance(100);
    line.say(fake.nonce(Uint8Array.of(1, 2, 3, 4), 0));
    expect(nonces.map(({ workId }) => workId)).toEqual([1]);
    expect(board.readings().bytes_skipped).toBe(1);
  });
});

describe('BM1387', () => {
  it('goes to its fast speed, and searches four versions in a job where the mask lets it', async () => {
    const { start, fake, board, nonces, line, mhz } = rig('newpac', 2, { frequency_mhz: 200 });
    const facts = await start();
    expect(facts).toMatchObject({ chips: 2, hashrateNominalHs: 2 * 114 * 200e6, frequencyMhz: 200 });
    expect([mhz(), fake.baud, line.bauds.at(-1)]).toEqual([200, 1_500_000, 1_500_000]);
    const opened = fake.jobs.length;
    expect(opened).toBe(115);
    board.send(workOf(1));
    const single = board.facts!.jobIntervalMs;
    board.send({ ...workOf(2), versionMask: 0x1fff_e000 });
    expect(board.facts!.jobIntervalMs).toBeCloseTo(4 * single, 6);
    board.send({ ...workOf(3), versionMask: 0x2000 });
    expect(board.facts!.jobIntervalMs).toBeCloseTo(single, 6);
    expect(fake.jobs.slice(opened).map((job) => [job.jobId, job.midstateCount])).toEqual([[0, 1], [4, 4], [8, 1]]);

    line.say(fake.nonce(Uint8Array.of(1, 2, 3, 4), 6));
    const base = readU32LE(workOf(2).header);
    expect(nonces[0]).toMatchObject({ workId: 2, chip: 0 });
    expect(nonces[0]!.version & ~0x1fff_e000).toBe(base & ~0x1fff_e000);
    expect(nonces[0]!.version).not.toBe(base);
    // A slot that this job has not.
    line.say(fake.nonce(Uint8Array.of(1, 2, 3, 4), 9));
    expect(nonces[1]).toMatchObject({ workId: null });
    // Ids of the jobs that opened the cores.
    line.say(fake.nonce(Uint8Array.of(1, 2, 3, 4), 0x7c));
    expect(nonces).toHaveLength(2);
  });

  it('finds chips that were left at the fast speed, and leaves them at the slow one', async () => {
    const { start, fake, board, line, mhz } = rig('newpac', 2);
    fake.baud = 1_500_000;
    await start();
    expect(board.readings().detail).toMatchObject({ baud: 1_500_000 });
    await board.stop();
    expect([fake.baud, line.bauds.at(-1), mhz(), line.isOpen]).toEqual([115_200, 115_200, 50, false]);
  });
});

describe('both', () => {
  it.each([['2pac', 2], ['r606', 12]] as const)('%s: asks for the frequency, and gives up when chips are missing or have forgotten it', async (model, chips) => {
    const healthy = rig(model, chips);
    await healthy.start();
    healthy.clock.advance(60_000);
    expect(healthy.answers()).toBe(30 * chips);
    expect(healthy.troubles).toEqual([]);
    expect(healthy.board.readings().detail.frequency_told_mhz).toBe(100);
    healthy.fake.chips = chips - 1;
    healthy.clock.advance(4000);
    healthy.fake.chips = chips;
    healthy.clock.advance(4000);
    expect(healthy.troubles).toEqual([]);
    healthy.fake.chips = 1;
    healthy.clock.advance(10_000);
    expect(healthy.troubles).toEqual([{ kind: 'silent', reason: `1 of ${chips} chips answer` }]);
    expect(healthy.mhz()).toBe(50);
    expect(healthy.clock.pendingTimers).toBe(0);

    const more = rig(model, chips);
    await more.start();
    more.fake.chips = chips + 1;
    more.clock.advance(10_000);
    expect(more.troubles).toEqual([{ kind: 'silent', reason: `${chips + 1} chips answer where ${chips} were counted` }]);

    // Late answers are not more.
    const late = rig(model, chips);
    await late.start();
    for (let i = 0; i < 20; i++) {
      late.fake.chips = i % 2 === 0 ? chips - 1 : chips + 1;
      late.clock.advance(2000);
    }
    expect(late.troubles).toEqual([]);

    const reset = rig(model, chips);
    await reset.start();
    reset.fake.pll = [0x27, 0, 3];
    reset.fake.pllWord = 0x50_0241;
    reset.clock.advance(10_000);
    expect(reset.troubles).toMatchObject([{ kind: 'silent', reason: expect.stringContaining('250 MHz') as string }]);

    const mute = rig(model, chips);
    await mute.start();
    mute.fake.mute = true;
    mute.clock.advance(10_000);
    expect(mute.troubles).toMatchObject([{ kind: 'silent', reason: expect.stringContaining('answers') as string }]);
  });

  it('changes the frequency in steps while it hashes, up and down', async () => {
    const { start, board, clock, mhz, fake, troubles } = rig('newpac', 2);
    await start();
    await passUntil(clock, board.apply({ frequency_mhz: 201 }));
    expect(mhz()).toBe(206.25);
    expect(board.facts).toMatchObject({ frequencyMhz: 206.25, hashrateNominalHs: 2 * 114 * 206.25e6 });
    await passUntil(clock, board.apply({ frequency_mhz: 100 }));
    expect(mhz()).toBe(100);
    clock.advance(30_000);
    expect([troubles, fake.broken]).toEqual([[], 0]);
    await expect(board.apply({ frequency_mhz: 601 })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await expect(board.apply({ voltage_v: 1 })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await expect(board.identify()).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
  });

  it('does not climb on after it was halted', async () => {
    const { start, board, clock, mhz } = rig('compac', 1);
    await start();
    const change = board.apply({ frequency_mhz: 400 });
    change.catch(() => {});
    clock.advance(250);
    await board.halt();
    await expect(passUntil(clock, change)).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    clock.advance(10_000);
    expect(mhz()).toBe(50);
    expect(board.facts).toBe(null);
    // It starts again at what was asked for.
    await start();
    expect(mhz()).toBe(400);
  });

  it('is left at rest when a start is aborted, and says when the port goes', async () => {
    const aborted = rig('compac', 1);
    const abort = new AbortController();
    const answer = aborted.line.onWrite;
    aborted.line.onWrite = (bytes) => {
      answer(bytes);
      if (aborted.fake.tasks.length === 20) abort.abort(new Error('enough'));
    };
    await expect(aborted.start(abort.signal)).rejects.toThrow('enough');
    expect(aborted.mhz()).toBe(50);
    expect(aborted.clock.pendingTimers).toBe(0);

    const gone = rig('newpac', 2);
    await gone.start();
    gone.line.unplug('pulled');
    expect(gone.troubles).toEqual([{ kind: 'gone', reason: 'pulled' }]);
    gone.board.send(workOf(1));
    await gone.board.halt();
    await gone.board.stop();
    expect(gone.clock.pendingTimers).toBe(0);
  });
});
