import { expect, it } from 'vitest';
import { bytesToHex } from '../../protocol/common/bytes.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { settle } from '../asic/device.fixture.ts';
import type { Nonce, SafeReport, Work } from '../contract.ts';
import { FakeLine } from '../stick/fake-line.fixture.ts';
import type { PortAccess } from '../transport/contract.ts';
import { fakeIcarus, firstNonce, packetOf, workOf } from './fake-icarus.fixture.ts';
import { descriptor } from './index.ts';

const ZEROS = 8;

function place(lines: readonly FakeLine[]): PortAccess {
  let next = 0;
  return {
    locate: () => Promise.resolve({ found: true, ports: { asic: lines[0]!.name }, usb: null }),
    transport: () => lines[next++]!,
  };
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < ms; i += 10) {
    clock.advance(10);
    await settle();
  }
}

it('mines: the device stops at every nonce, and has new work at once', async () => {
  const clock = new ManualClock();
  const line = new FakeLine();
  const device = fakeIcarus(line);
  const icarus = await descriptor.create({ id: 'erupter', options: descriptor.options.parse({ nonce_zero_bits: ZEROS }), clock, log: silentLog, ports: place([line]) });
  const works = new Map<string, Work>();
  let next = 1;
  const assign = (): void => {
    const work = workOf(next++);
    works.set(bytesToHex(packetOf(work)), work);
    icarus.assign(work);
  };
  const nonces: Nonce[] = [];
  icarus.events.on('nonce', (nonce) => nonces.push(nonce));
  icarus.events.on('exhausted', assign);
  const probe = line.onWrite;
  line.onWrite = (packet) => {
    probe(packet);
    const work = works.get(bytesToHex(packet));
    // It ends at its first nonce, and says nothing more until there is other work.
    if (work) clock.after(200, () => line.say(firstNonce(work, ZEROS)));
  };

  await icarus.start(new AbortController().signal);
  assign();
  await pass(clock, 10_000);
  expect(icarus.state()).toMatchObject({ status: 'hashing', reason: null, temp_c: null, power_w: null });
  // One nonce of each work, every 200 ms: nothing waits for the interval of 10 s.
  expect(nonces.length).toBeGreaterThan(40);
  expect(nonces.map(({ workId }) => workId)).toEqual(nonces.map((_, i) => i + 1));
  expect(device.works.length - nonces.length).toBeLessThanOrEqual(1);

  await icarus.command({ type: 'pause', reason: 'asked' });
  const before = device.works.length;
  await pass(clock, 3000);
  expect(device.works.length).toBe(before);
  expect(device.golden).toBe(2);
  await icarus.command({ type: 'resume' });
  await pass(clock, 3000);
  expect(device.works.length).toBeGreaterThan(before);
  await expect(icarus.command({ type: 'set', values: { frequency_mhz: 100 } })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
  await icarus.stop();
  expect(icarus.state().status).toBe('stopped');
  expect(line.isOpen).toBe(false);
});

it('says that nobody answers, and mines when somebody does', async () => {
  const clock = new ManualClock();
  const lines = [new FakeLine(), new FakeLine(), new FakeLine(), new FakeLine()];
  const devices = lines.map((line) => fakeIcarus(line));
  for (const device of devices) device.mute = true;
  const icarus = await descriptor.create({ id: 'erupter', options: descriptor.options.parse({}), clock, log: silentLog, ports: place(lines) });
  await icarus.start(new AbortController().signal);
  icarus.assign(workOf(1));
  await pass(clock, 10_000);
  expect(icarus.state().reason).toMatch(/no ASICMINER Block Erupter USB answers/);
  for (const device of devices) device.mute = false;
  await pass(clock, 120_000);
  expect(icarus.state().status).toBe('hashing');
  await icarus.stop();
});

it('is made safe from outside', async () => {
  const line = new FakeLine();
  const device = fakeIcarus(line);
  const context = { id: 'erupter', options: descriptor.options.parse({}), clock: new ManualClock(), log: silentLog };
  const report: SafeReport = await descriptor.makeSafe!({ ...context, ports: place([line]) });
  expect(report).toMatchObject({ safe: true, words: expect.stringContaining('cannot be switched off') as string });
  expect([device.golden, line.isOpen]).toEqual([1, false]);
  expect(await descriptor.makeSafe!(context)).toMatchObject({ safe: true });
});
