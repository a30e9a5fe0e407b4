/** The driver of a chain against simulated chips: every nonce that comes out of it is hashed and has to be right. */
import { describe, expect, it } from 'vitest';
import { BM1366_BOARD } from '../protocol/bm13xx/init/sequences.ts';
import { encodeWrite } from '../protocol/bm13xx/command.ts';
import { xorshift } from '../protocol/common/xorshift.fixture.ts';
import { concatBytes, bytesToHex } from '../protocol/common/bytes.ts';
import type { ModelName } from '../sim/chips/models.ts';
import { joinedChain, settle, workOf, ZERO_BITS, zeroBitsOf, type Joined } from './simulated-chain.fixture.ts';

const MODELS: readonly ModelName[] = ['bm1362', 'bm1366', 'bm1368', 'bm1370', 'bm1397'];
const { signal } = new AbortController();

function expectRight({ nonces }: Joined, works: ReadonlyMap<number, ReturnType<typeof workOf>>, bits: number): void {
  for (const nonce of nonces) {
    const work = works.get(nonce.workId ?? -1);
    if (work === undefined) throw new Error(`a nonce of work ${nonce.workId}, which was not sent`);
    expect(zeroBitsOf(work, nonce)).toBeGreaterThanOrEqual(bits);
    expect((nonce.version ^ 0x2000_0000) & ~work.versionMask).toBe(0);
  }
}

describe.each(MODELS)('%s', (model) => {
  it.each([1, 2, 5])('finds, starts and feeds a chain of %i, whatever chip it was told', async (chips) => {
    const joined = await joinedChain({ model, chips });
    joined.chain.setTicket(16);
    await joined.start();
    const facts = joined.chain.facts!;
    expect(facts).toMatchObject({ chips, chip: model.toUpperCase(), hashesPerNonce: 2 ** ZERO_BITS * 16, zeroBits: ZERO_BITS });
    expect(facts.frequencyMhz).toBeCloseTo(500, -1);
    expect(joined.chips.chips[0]!.frequencyMhz).toBeCloseTo(facts.frequencyMhz!, 5);
    expect(facts.hashrateNominalHs).toBeCloseTo(chips * joined.chips.chips[0]!.nominalHashRate(), -3);
    expect(facts.nonceIntervalMs).toBeCloseTo((16 * 2 ** 32 * 1000) / facts.hashrateNominalHs, 5);
    const works = new Map([1, 2, 3, 4].map((id) => [id, workOf(id)]));
    for (const work of works.values()) {
      joined.chain.send(work);
      await joined.hash(8);
    }
    expect(joined.nonces.length).toBeGreaterThan(10);
    expectRight(joined, works, ZERO_BITS + 4);
    expect(new Set(joined.nonces.map(({ workId }) => workId)).size).toBe(4);
    expect(joined.sent).toEqual([1, 2, 3, 4]);
    // What the simulated silicon shows of the finder: chips of this family put it into the nonce, or search from an offset of their own.
    const finders = new Set(joined.nonces.map(({ chip }) => chip));
    if (chips === 1) expect(finders).toEqual(new Set([0]));
    else if (model === 'bm1397') expect(finders).toEqual(new Set([null]));
    else expect(finders).toEqual(new Set(Array.from({ length: chips }, (_, i) => i)));
    expect(joined.chain.counters()).toMatchObject({ bytes_skipped: 0, crc_errors: 0 });
    expect(joined.troubles).toEqual([]);
  });

  it('follows the version mask of the work, down to none at all', async () => {
    const joined = await joinedChain({ model, chips: 2 });
    joined.chain.setTicket(4);
    await joined.start();
    const masks = [0x1fffe000, 0x00ff_e000, 0, 0x1fffe000, 0x0000_e000];
    const works = new Map(masks.map((mask, i) => [i + 1, workOf(i + 1, mask)]));
    const counts: number[] = [];
    for (const work of works.values()) {
      joined.chain.send(work);
      await joined.wait(400);
      const before = joined.nonces.length;
      await joined.hash(20);
      counts.push(joined.nonces.length - before);
    }
    expectRight(joined, works, ZERO_BITS + 2);
    for (const count of counts) expect(count).toBeGreaterThan(3);
    expect(new Set(joined.nonces.filter(({ workId }) => workId === 3).map(({ version }) => version))).toEqual(new Set([0x2000_0000]));
    expect(new Set(joined.nonces.filter(({ workId }) => workId === 1).map(({ version }) => version)).size).toBeGreaterThan(1);
  });

  it('changes ticket and clock while it runs', async () => {
    const joined = await joinedChain({ model, chips: 2 });
    joined.chain.setTicket(4);
    await joined.start(400);
    const works = new Map([[1, workOf(1)], [2, workOf(2)]]);
    joined.chain.send(works.get(1)!);
    await joined.hash(20);
    joined.chain.setTicket(100);
    await joined.wait(50);
    const before = joined.nonces.length;
    await joined.hash(60);
    expect(joined.chain.facts!.hashesPerNonce).toBe(2 ** ZERO_BITS * 64);
    expectRight({ ...joined, nonces: joined.nonces.slice(before) }, works, ZERO_BITS + 6);
    const counting = joined.chips.chips[0]!.read(0x10);
    const facts = await settle(joined.clock, joined.chain.ramp(500, signal));
    await joined.wait(20);
    expect(facts.frequencyMhz).toBeCloseTo(500, -1);
    for (const chip of joined.chips.chips) expect(chip.frequencyMhz).toBeCloseTo(facts.frequencyMhz!, 5);
    if (model === 'bm1366' || model === 'bm1368' || model === 'bm1370') expect(joined.chips.chips[0]!.read(0x10)).toBeLessThan(counting);
    joined.chain.send(works.get(2)!);
    await joined.hash(60);
    expectRight({ ...joined, nonces: joined.nonces.slice(before) }, works, ZERO_BITS + 6);
    await settle(joined.clock, joined.chain.ramp(400, signal));
    expect(joined.chips.chips[1]!.frequencyMhz).toBeCloseTo(400, -1);
  });

  it('reads on through stray bytes, noise and wrong checksums', async () => {
    const joined = await joinedChain({ model, chips: 3 }, { chipsExpected: 3 });
    joined.chain.setTicket(4);
    await joined.start();
    Object.assign(joined.chips.faults, { strayByteEvery: 3, wrongCrcEvery: 7 });
    const works = new Map([[1, workOf(1)]]);
    joined.chain.send(works.get(1)!);
    await joined.hash(40);
    expectRight(joined, works, ZERO_BITS + 2);
    const counters = joined.chain.counters();
    expect(counters.bytes_skipped).toBeGreaterThan(10);
    expect(counters.crc_errors).toBeGreaterThan(2);
    expect(joined.nonces.length).toBeGreaterThan(0.7 * joined.chips.stats().nonces);
  });

  it('tells when chips that ran fall silent, and when all do', async () => {
    const some = await joinedChain({ model, chips: 4, chipsPerDomain: 2 });
    await some.start();
    some.chain.send(workOf(1));
    await some.wait(10_000);
    expect(some.troubles).toEqual([]);
    expect(some.answers()).toBeGreaterThan(10);
    some.chips.faults.deadDomain = 1;
    await some.wait(10_000);
    expect(some.troubles).toEqual(['silent: 2 of 4 chips (3, 4) do not answer any more on /dev/ttyTEST']);
    expect(some.chain.facts).toBeNull();
    const all = await joinedChain({ model, chips: 2 });
    await all.start();
    all.chips.faults.mute = true;
    await all.wait(10_000);
    expect(all.troubles).toEqual(['silent: none of 2 chips answers any more on /dev/ttyTEST']);
  });

  it('claims what its counters count', async () => {
    const joined = await joinedChain({ model, chips: 2 });
    await joined.start();
    joined.chain.send(workOf(1));
    for (let i = 0; i < 5; i++) {
      for (const chip of joined.chips.chips) chip.hashes += 500e9 * 2;
      await joined.wait(2000);
    }
    const claimed = joined.chain.counters().hashrate_claimed_hs;
    if (model === 'bm1362') expect(claimed).toBeNull();
    else if (model === 'bm1397') expect(claimed).toBeCloseTo(2 * joined.chips.chips[0]!.nominalHashRate(), -8);
    else expect(claimed! / 1e12).toBeCloseTo(1, 1);
  });

  it('finds chips again that a daemon left running at their fast speed', async () => {
    const joined = await joinedChain({ model, chips: 2 });
    await joined.start();
    joined.chain.send(workOf(1));
    await joined.hash(5);
    joined.chain.clear();
    joined.transport.baud = 115_200;
    await joined.start();
    expect(joined.chain.facts).toMatchObject({ chips: 2, chip: model.toUpperCase() });
    joined.chain.setTicket(4);
    await joined.wait(50);
    joined.nonces.length = 0;
    joined.chain.send(workOf(2));
    await joined.hash(20);
    expect(joined.nonces.length).toBeGreaterThan(0);
    expectRight(joined, new Map([[2, workOf(2)]]), ZERO_BITS + 2);
  });

  it('brings its chips down to the slowest clock and the speed of a reset', async () => {
    const joined = await joinedChain({ model, chips: 2 });
    await joined.start();
    const before = joined.clock.monotonic();
    await settle(joined.clock, joined.chain.quiet());
    expect(joined.clock.monotonic() - before).toBeLessThan(1000);
    for (const chip of joined.chips.chips) {
      expect(chip.frequencyMhz).toBeCloseTo(50, 0);
      expect(chip.baud / 115_200).toBeCloseTo(1, 1);
    }
    joined.chain.clear();
    expect(joined.clock.pendingTimers).toBe(0);
  });
});

describe('a chain', () => {
  it('says how many of its chips answer, and which chip it is instead', async () => {
    const few = await joinedChain({ model: 'bm1366', chips: 2 }, { chipsExpected: 3 });
    await expect(few.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: 'only 2 of 3 chips answer on /dev/ttyTEST' });
    const other = await joinedChain({ model: 'bm1366' }, { chip: 'BM1370' });
    await expect(other.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: 'a BM1366 answers where a BM1370 should on /dev/ttyTEST' });
    const none = await joinedChain({ model: 'bm1366' }, { chip: 'BM1366' });
    none.chips.faults.mute = true;
    await expect(none.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: 'no BM1366 answers on /dev/ttyTEST' });
    const nobody = await joinedChain({ model: 'bm1366' });
    nobody.chips.faults.mute = true;
    await expect(nobody.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: 'no chip answers on /dev/ttyTEST' });
    expect(nobody.clock.pendingTimers).toBe(0);
  });

  it.each([3, null])('does not count late answers as further chips, told %s', async (chipsExpected) => {
    const joined = await joinedChain({ model: 'bm1366', chips: 3 }, { chip: 'BM1366', chipsExpected });
    const { feed } = joined.transport;
    const held: Uint8Array[] = [];
    let replies = 0;
    // One answer to the first question comes with those to the second.
    joined.transport.feed = (bytes) => {
      if (++replies === 1) return void held.push(bytes);
      feed.call(joined.transport, bytes);
      if (replies === 4) feed.call(joined.transport, held[0]!);
    };
    await joined.start();
    expect(joined.chain.facts!.chips).toBe(3);
  });

  it('notices a chip that was not counted', async () => {
    const joined = await joinedChain({ model: 'bm1366', chips: 3 }, { chip: 'BM1366' });
    const { feed } = joined.transport;
    let replies = 0;
    // Its answer is lost, both times.
    joined.transport.feed = (bytes) => void (++replies === 1 || replies === 4 || feed.call(joined.transport, bytes));
    await expect(joined.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: '3 chips answer after their start, where 2 were counted on /dev/ttyTEST' });
    await joined.start();
    expect(joined.chain.facts!.chips).toBe(3);
  });

  it('refuses more chips than there should be', async () => {
    const many = await joinedChain({ model: 'bm1366', chips: 3 }, { chipsExpected: 2 });
    await expect(many.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: '3 chips answer where there should be 2 on /dev/ttyTEST' });
  });

  it('refuses a frequency or a speed its chips do not have', async () => {
    const joined = await joinedChain({ model: 'bm1366' });
    await expect(joined.start(5000)).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    const slow = await joinedChain({ model: 'bm1366' }, { hostBaud: 123_456 });
    await expect(slow.start()).resolves.toBeUndefined();
    const odd = await joinedChain({ model: 'bm1366' }, { hostBaud: 1_300_000 });
    await expect(odd.start()).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
  });

  it('stops in the middle of a start', async () => {
    const joined = await joinedChain({ model: 'bm1366', chips: 2 });
    const abort = new AbortController();
    await settle(joined.clock, joined.chain.enumerate(signal));
    const starting = joined.chain.start(500, abort.signal);
    joined.clock.advance(30);
    abort.abort(new Error('enough'));
    await expect(settle(joined.clock, starting)).rejects.toThrow('enough');
    expect(joined.clock.pendingTimers).toBe(0);
  });

  it('does not raise the clock any more once it is to be quiet', async () => {
    const joined = await joinedChain({ model: 'bm1366', chips: 2 });
    await joined.start(400);
    const ramp = joined.chain.ramp(550, signal);
    const ended = expect(ramp).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    await joined.wait(500);
    expect(joined.chips.chips[0]!.frequencyMhz).toBeGreaterThan(410);
    await settle(joined.clock, joined.chain.quiet());
    await ended;
    await settle(joined.clock, joined.chain.enumerate(signal));
    const start = expect(joined.chain.start(500, signal)).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    await joined.wait(2000);
    await settle(joined.clock, joined.chain.quiet());
    await start;
    await joined.wait(20_000);
    for (const chip of joined.chips.chips) expect(chip.frequencyMhz).toBeCloseTo(50, 0);
    expect(joined.clock.pendingTimers).toBe(0);
  });

  it('comes all the way down, whatever a start that was ended still wants', async () => {
    const joined = await joinedChain({ model: 'bm1366', chips: 2 });
    await joined.start(500);
    const down = joined.chain.quiet();
    await joined.wait(50);
    await expect(joined.chain.enumerate(AbortSignal.abort(new Error('ended')))).rejects.toThrow('ended');
    await settle(joined.clock, down);
    expect(joined.chips.chips.map(({ frequencyMhz }) => Math.round(frequencyMhz))).toEqual([50, 50]);
  });

  it('says that the line went, during a start and while it runs', async () => {
    const joined = await joinedChain({ model: 'bm1366' });
    const counting = joined.chain.enumerate(signal);
    await new Promise((resolve) => setImmediate(resolve));
    joined.transport.unplug();
    await expect(settle(joined.clock, counting)).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
    expect(joined.troubles).toEqual([]);
    const running = await joinedChain({ model: 'bm1366' });
    await running.start();
    running.transport.unplug();
    expect(running.troubles).toEqual(['gone: /dev/ttyTEST went away']);
    running.chain.send(workOf(1));
    await running.wait(10_000);
    expect(running.troubles).toHaveLength(1);
    expect(running.clock.pendingTimers).toBe(0);
  });

  it('tells a nonce of duplicates twice, and a nonce of an id that was not sent as nobody\'s', async () => {
    const joined = await joinedChain({ model: 'bm1366' });
    joined.chain.setTicket(4);
    await joined.start();
    joined.chips.faults.duplicateNonces = true;
    joined.chain.send(workOf(1));
    await joined.hash(10);
    expect(joined.nonces.length).toBe(2 * joined.chips.stats().nonces);
    // A job that the host knows nothing of: that of another program.
    const frame = joined.transport.written.findLast((bytes) => bytes.length === 88)!;
    joined.chain.clear();
    await joined.start();
    joined.nonces.length = 0;
    joined.chips.receive(frame);
    await joined.hash(10);
    expect(joined.nonces.length).toBeGreaterThan(0);
    expect(new Set(joined.nonces.map(({ workId }) => workId))).toEqual(new Set([null]));
  });

  it('keeps sixteen jobs apart, and knows none that is older', async () => {
    const joined = await joinedChain({ model: 'bm1368' });
    joined.chain.setTicket(4);
    await joined.start();
    const works = new Map(Array.from({ length: 40 }, (_, i) => [i + 1, workOf(i + 1)]));
    for (const work of works.values()) {
      joined.chain.send(work);
      await joined.hash(3);
    }
    expect(joined.nonces.length).toBeGreaterThan(60);
    expectRight(joined, works, ZERO_BITS + 2);
  });

  it('lets the newest job go first: before control frames, and in place of jobs that wait', async () => {
    const joined = await joinedChain({ model: 'bm1366', chips: 2 }, { hostBaud: null });
    await joined.start();
    joined.transport.written.length = 0;
    joined.chain.send(workOf(1));
    joined.chain.setTicket(1024);
    joined.chain.send(workOf(2));
    joined.chain.send(workOf(3));
    await joined.wait(100);
    const written = joined.transport.written.filter((bytes) => bytes.length !== 7);
    expect(joined.sent).toEqual([1, 3]);
    expect(written.map(({ length }) => length)).toEqual([88, 88, 11]);
  });

  it('is not upset by noise, nor by replies that are damaged', async () => {
    const joined = await joinedChain({ model: 'bm1370', chips: 2 });
    joined.chain.setTicket(4);
    await joined.start();
    const random = xorshift(7);
    joined.chips.faults.garbage = true;
    const works = new Map(Array.from({ length: 30 }, (_, i) => [i + 1, workOf(i + 1)]));
    for (const work of works.values()) {
      joined.chain.send(work);
      joined.transport.feed(Uint8Array.from({ length: 500 }, () => (random(8) === 0 ? [0xaa, 0x55][random(2)]! : random(256))));
      await joined.hash(3);
    }
    const right = joined.nonces.filter((nonce) => works.has(nonce.workId ?? -1) && zeroBitsOf(works.get(nonce.workId!)!, nonce) >= ZERO_BITS + 2);
    // A five-bit checksum lets some noise through; whoever hashes it again finds out.
    expect(right.length).toBeGreaterThan(0.8 * joined.chips.stats().nonces);
    expect(joined.troubles).toEqual([]);
  });

  it('drives a hash board of 110 chips in the order of its factory firmware', async () => {
    const joined = await joinedChain({ model: 'bm1366', chips: 110, chipsPerDomain: 10 }, { chip: 'BM1366', chipsExpected: 110, topology: { domains: 11, chipsPerDomain: 10 }, sequence: BM1366_BOARD });
    joined.chain.setTicket(4);
    const before = joined.clock.monotonic();
    await joined.start(525);
    // A device gives a start sixty seconds.
    expect(joined.clock.monotonic() - before).toBeLessThan(30_000);
    expect(joined.chain.facts).toMatchObject({ chips: 110, chipsExpected: 110 });
    const works = new Map([1, 2].map((id) => [id, workOf(id)]));
    for (const work of works.values()) {
      joined.chain.send(work);
      await joined.hash(4);
    }
    expectRight(joined, works, ZERO_BITS + 2);
    expect(new Set(joined.nonces.map(({ chip }) => chip)).size).toBeGreaterThan(100);
    const answers = joined.answers();
    await joined.wait(4000);
    expect(joined.answers() - answers).toBeGreaterThan(200);
    expect(joined.troubles).toEqual([]);
    joined.chips.faults.deadDomain = 10;
    await joined.wait(10_000);
    expect(joined.troubles).toEqual(['silent: 10 of 110 chips (101, 102, 103, 104, 105, 106, 107, 108 ...) do not answer any more on /dev/ttyTEST']);
  });

  it('writes the mask and the job in one piece', async () => {
    const joined = await joinedChain({ model: 'bm1366' });
    await joined.start();
    joined.transport.written.length = 0;
    joined.chain.send(workOf(1, 0x00ff_e000));
    const [piece] = joined.transport.written;
    expect(piece!.length).toBe(11 + 88);
    expect(bytesToHex(piece!.slice(0, 11))).toBe(bytesToHex(concatBytes(encodeWrite('all', 0xa4, 0x9000_07ff))));
  });
});
