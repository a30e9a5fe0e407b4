/** The ASIC device on simulated chips, through the board and chain of bm13xx-serial: what it believes, counts and does about trouble. */
import { expect, test } from 'vitest';
import { createSerial } from '../drivers/bm13xx-serial/device.ts';
import { serialOptions } from '../drivers/bm13xx-serial/options.ts';
import type { Nonce, Work } from '../drivers/contract.ts';
import { MemoryTransport } from '../drivers/transport/memory.fixture.ts';
import type { PortAccess } from '../drivers/transport/contract.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { VirtualChain, type ChainOptions } from '../sim/chips/chain.ts';
import { workOf, zeroBitsOf } from './simulated-chain.fixture.ts';

const ZERO_BITS = 10;
const STEP_MS = 20;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @param shareBits leading zero bits of the share target: how far the ticket may rise */
async function bench(chain: ChainOptions, shareBits = ZERO_BITS, options: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const chips = new VirtualChain({ zeroBits: ZERO_BITS, ...chain }, (bytes) => line.feed(bytes));
  let line = new MemoryTransport('/dev/ttyTEST');
  let plugged = true;
  const ports: PortAccess = {
    locate: async () => (plugged ? { found: true, ports: { asic: '/dev/ttyTEST' }, usb: null } : { found: false, reason: 'unplugged' }),
    transport: () => {
      line = new MemoryTransport('/dev/ttyTEST');
      chips.hostBaud = line.baud;
      line.onWrite = (bytes) => chips.receive(bytes);
      line.onBaud = (baud) => (chips.hostBaud = baud);
      return line;
    },
  };
  const device = createSerial({ id: 'chain-1', clock, log: silentLog, ports, options: serialOptions.parse({ nonce_zero_bits: ZERO_BITS, baud: 115_200, ...options }) });
  const works = new Map<number, Work>();
  const nonces: Nonce[] = [];
  const errors: string[] = [];
  let duplicates = 0;
  const target = new Uint8Array(32).fill(0xff);
  target[31] = 0xff >> Math.min(8, shareBits);
  target[30] = 0xff >> Math.max(0, shareBits - 8);
  const give = (): void => {
    const work = { ...workOf(works.size + 1), target, shareTarget: target };
    works.set(work.id, work);
    device.assign(work);
  };
  device.events.on('exhausted', give);
  device.events.on('nonce', (nonce) => nonces.push(nonce));
  device.events.on('hardware_error', (reason) => errors.push(reason));
  device.events.on('duplicate', () => duplicates++);
  /** Lets time pass for both sides. */
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += STEP_MS) {
      chips.run(STEP_MS, 1000);
      await turn();
      clock.advance(STEP_MS);
      await turn();
    }
  };
  const until = async (so: () => boolean, withinMs = 120_000): Promise<number> => {
    const from = clock.monotonic();
    while (!so()) {
      if (clock.monotonic() - from > withinMs) throw new Error(`not so within ${withinMs} ms: ${JSON.stringify(device.state())}`);
      await pass(STEP_MS);
    }
    return clock.monotonic() - from;
  };
  const stop = async (): Promise<void> => {
    let stopped = false;
    void device.stop().then(() => (stopped = true));
    await until(() => stopped, 1300);
    expect(clock.pendingTimers).toBe(0);
    expect(line.openCount).toBe(0);
  };
  await device.start(new AbortController().signal);
  give();
  return {
    clock, chips, device, works, nonces, errors, pass, until, stop,
    duplicates: () => duplicates,
    detail: () => device.state().detail as Record<string, never>,
    status: () => device.state().status,
    unplug: () => ((plugged = false), line.unplug()),
    plug: () => ((plugged = true), chips.reset()),
  };
}

test('mines with true numbers: every nonce proves its work, and what the chips hashed is what it says they did', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1370', chips: 2, rate_hs: 20_000 });
  await it.until(() => it.status() === 'hashing');
  const before = it.chips.stats().hashes;
  await it.pass(60_000);
  const { hashrate_hs, hashes_total, detail } = it.device.state();
  const hashed = it.chips.stats().hashes - before;
  expect(it.errors).toEqual([]);
  expect(it.duplicates()).toBe(0);
  for (const nonce of it.nonces) expect(zeroBitsOf(it.works.get(nonce.workId)!, { ...nonce, chip: null, core: null, receivedMono: 0 })).toBeGreaterThanOrEqual(ZERO_BITS);
  // About 1,170 nonces: five standard deviations are 15 %.
  expect(it.nonces.length).toBeGreaterThan(900);
  expect(hashes_total! / hashed).toBeGreaterThan(0.85);
  expect(hashes_total! / hashed).toBeLessThan(1.15);
  expect(hashrate_hs! / (hashed / 60)).toBeGreaterThan(0.7);
  expect(hashrate_hs! / (hashed / 60)).toBeLessThan(1.3);
  expect(detail).toMatchObject({ chips: 2, chip: 'BM1370', ticket: 1, hashrate_nominal_hs: null, late: 0, restarts: 0, crc_errors: 0 });
  const counts = detail.per_chip as { nonces: number }[];
  expect(counts).toHaveLength(2);
  for (const { nonces } of counts) expect(nonces).toBeGreaterThan(300);
  await it.stop();
});

test('raises the ticket when nonces pour in and the pool wants few of them, and still gives it every share', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1366', rate_hs: 100_000 }, 14);
  await it.until(() => it.status() === 'hashing');
  await it.pass(65_000);
  expect(it.detail().ticket).toBe(16);
  const [nonces, hashes] = [it.nonces.length, it.chips.stats().hashes];
  await it.pass(60_000);
  const shares = (it.chips.stats().hashes - hashes) / 2 ** 14;
  expect((it.nonces.length - nonces) / shares).toBeGreaterThan(0.75);
  expect((it.nonces.length - nonces) / shares).toBeLessThan(1.25);
  expect(it.errors).toEqual([]);
  await it.stop();
});

test('nonces sent twice, nonces never found and broken replies reach nobody', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1366', chips: 2, rate_hs: 20_000 });
  await it.until(() => it.status() === 'hashing');
  Object.assign(it.chips.faults, { duplicateNonces: true, badNonceEvery: 5, strayByteEvery: 7, wrongCrcEvery: 11 });
  await it.pass(30_000);
  expect(it.duplicates()).toBeGreaterThan(100);
  expect(it.errors.length).toBeGreaterThan(50);
  expect(it.errors[0]).toMatch(/^the hash of a nonce has \d zero bits instead of 10 \(chip [01], core \d+\)$/);
  expect(new Set(it.nonces.map(({ workId, nonce, version }) => `${workId}:${nonce}:${version}`)).size).toBe(it.nonces.length);
  const { crc_errors, bytes_skipped } = it.device.state().detail as { crc_errors: number; bytes_skipped: number };
  expect(Math.min(crc_errors, bytes_skipped)).toBeGreaterThan(0);
  expect(it.detail().cores_with_errors).not.toEqual([]);
  expect(it.status()).toBe('hashing');
  await it.stop();
});

test('chips that fall silent are reset, and isolated when that does not help; they come back by themselves', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1366', rate_hs: 5000 });
  await it.until(() => it.status() === 'hashing');
  it.chips.faults.mute = true;
  await it.until(() => it.status() !== 'hashing', 20_000);
  it.chips.faults.mute = false;
  await it.until(() => it.status() === 'hashing', 60_000);
  expect(it.detail().ladder).toMatchObject({ isolations: 0 });
  it.chips.faults.mute = true;
  await it.until(() => String(it.device.state().reason).includes('tried again after 1 min'), 200_000);
  it.chips.faults.mute = false;
  await it.until(() => it.status() === 'hashing', 90_000);
  const seen = it.nonces.length;
  await it.pass(5000);
  expect(it.nonces.length).toBeGreaterThan(seen);
  await it.stop();
});

test('a domain that dies leaves too few chips: it is a fault, not a slower board', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1366', chips: 4, chipsPerDomain: 1, rate_hs: 5000 }, ZERO_BITS, { chips: 4 });
  await it.until(() => it.status() === 'hashing');
  await it.pass(5000);
  it.chips.faults.deadDomain = 2;
  await it.until(() => it.status() === 'fault', 200_000);
  expect(it.device.state().reason).toMatch(/2 .*4|4 .*2/);
  it.chips.faults.deadDomain = null;
  await it.until(() => it.status() === 'hashing', 90_000);
  await it.stop();
});

test('unplugged and plugged in again, any number of times, at any moment', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1366', rate_hs: 5000 });
  for (const ms of [100, 1500, 9000, 300, 12_000, 9500]) {
    await it.pass(ms);
    it.unplug();
    await it.pass(700);
    it.plug();
  }
  await it.until(() => it.status() === 'hashing');
  const seen = it.nonces.length;
  await it.pass(5000);
  expect(it.nonces.length).toBeGreaterThan(seen);
  expect(it.errors).toEqual([]);
  expect(it.detail().ladder).toMatchObject({ isolations: 0 });
  await it.stop();
  expect(it.chips.chips.map(({ frequencyMhz }) => Math.round(frequencyMhz))).toEqual([50]);
});

test('paused its chips are slow, resumed they hash at what was set', { timeout: 60_000 }, async () => {
  const it = await bench({ model: 'bm1366', rate_hs: 5000 });
  await it.until(() => it.status() === 'hashing');
  let done = false;
  void it.device.command({ type: 'set', values: { frequency_mhz: 450 } }).then(() => (done = true));
  await it.until(() => done);
  done = false;
  void it.device.command({ type: 'pause', reason: 'by hand' }).then(() => (done = true));
  await it.until(() => done, 5000);
  expect(it.device.state()).toMatchObject({ status: 'paused', hashrate_hs: 0 });
  expect(it.chips.chips[0]!.frequencyMhz).toBeCloseTo(50, 0);
  await it.device.command({ type: 'resume' });
  await it.until(() => it.status() === 'hashing');
  expect(it.chips.chips[0]!.frequencyMhz).toBeCloseTo(450, 0);
  await it.stop();
});
