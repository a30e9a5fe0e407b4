import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RigError } from '../protocol/common/errors.ts';
import { SEARCH } from './counters.ts';
import type { Engine, EngineOptions, Kernel } from './engine.ts';
import { createHasher } from './hasher.ts';
import { hashHeader } from './header.ts';
import { KernelHasher } from './kernel-hasher.ts';
import { DIFFICULTY_1, easyTarget, GENESIS, GENESIS_NONCE, kernelsHere, referenceHits, referenceHitsOf, searchAll, versionsOf } from './kernels.fixture.ts';
import type { Hasher, HasherJob, HasherOptions } from './types.ts';

const IMPOSSIBLE = new Uint8Array(32);
const job = (id: number, more: Partial<HasherJob> = {}): HasherJob => ({ id, header: GENESIS, target: IMPOSSIBLE, versionMask: 0, ...more });

const open: Hasher[] = [];
function make(options: HasherOptions): Hasher {
  const hasher = createHasher({ nice: 0, threads: 2, ...options });
  open.push(hasher);
  return hasher;
}
afterEach(async () => void (await Promise.all(open.splice(0).map((hasher) => hasher.stop()))));

/** Waits for something other threads do; the test's own deadline bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

/**
 * The share of one processor that this process takes while it only waits: the least of up to five looks of `ms` each, since
 * compiling and collecting garbage take time too, now and then. Ends early below `enough`. Threads that spin would show in each.
 */
async function leastShare(ms: number, enough: number): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 5 && least > enough; look++) {
    const start = performance.now();
    const before = process.cpuUsage();
    await sleep(ms);
    const used = process.cpuUsage(before);
    least = Math.min(least, (used.user + used.system) / 1000 / (performance.now() - start));
  }
  return least;
}

// One of each source: the native threads are one piece of C whatever the kernel.
const sources = [...new Map(kernelsHere().map((kernel) => [kernel.info.source, kernel.info.kernel])).values()];

describe.each(sources)('hasher on %s', (kernel) => {
  /** Lets the threads search a window to its end while the event loop, and so this hasher, hears nothing of it. */
  function searchUnheard(hasher: Hasher, window: HasherJob): void {
    hasher.setJob(window);
    const nonces = BigInt((window.nonceTo ?? 0) - (window.nonceFrom ?? 0) + 1);
    const deadline = performance.now() + 15_000;
    while (hasher.stats().hashes < nonces || hasher.stats().perThread.some((thread) => thread.hashing)) {
      if (performance.now() > deadline) throw new Error('the window was not searched in time');
    }
  }

  it.each(['another job', 'no job', 'the end'])('tells what was found for a job although %s comes first', async (next) => {
    const hasher = make({ kernel });
    const told: string[] = [];
    hasher.events.on('hit', (hit) => told.push(`${hit.jobId}:${hit.version}:${hit.nonce}`));
    const window = job(1, { target: easyTarget(9), nonceFrom: 5, nonceTo: 20_004 });
    const expected = referenceHits(window, 1).map((hit) => `1:${hit}`);
    expect(expected.length).toBeGreaterThan(20);
    searchUnheard(hasher, window);
    expect(told).toEqual([]);
    if (next === 'another job') hasher.setJob(job(2));
    else if (next === 'no job') hasher.clearJob();
    else await hasher.stop();
    await until(() => told.length >= expected.length);
    expect(told.sort()).toEqual(expected.sort());
    expect(hasher.stats().dropped).toBe(0n);
  });

  it('tells every hit with the job it was found for', async () => {
    const hasher = make({ kernel });
    // Every job has a header of its own: a hit told with another job's number is none.
    const headerOf = (id: number): Uint8Array => Uint8Array.from(GENESIS).fill(id, 40, 44);
    let current = 0;
    const told: number[] = [];
    const wrong: string[] = [];
    hasher.events.on('hit', ({ jobId, version, nonce, hash }) => {
      // Those of an older job may come late, when this thread was kept from running, but never before it or out of turn.
      if (jobId > current || jobId < (told.at(-1) ?? 0)) wrong.push(`${jobId} after ${told.at(-1)} in ${current}`);
      if (!Buffer.from(hash).equals(hashHeader(headerOf(jobId), version, nonce))) wrong.push(`${jobId}: another header`);
      told.push(jobId);
    });
    for (current = 1; current <= 40; current++) {
      hasher.setJob(job(current, { header: headerOf(current), target: easyTarget(9) }));
      const before = told.length;
      await until(() => told.length > before);
    }
    expect(wrong).toEqual([]);
    expect(hasher.stats().hardwareErrors).toBe(0n);
    expect(new Set(told).size).toBeGreaterThan(20);
  });

  it('is heard again after its job was dropped from inside a hit, in the middle of a flood', async () => {
    const hasher = make({ kernel });
    const told = new Set<number>();
    hasher.events.on('hit', ({ jobId }) => {
      if (!told.has(jobId)) hasher.clearJob();
      told.add(jobId);
    });
    for (let id = 1; id <= 8; id++) {
      // Every second hash is a hit: more than can be told.
      hasher.setJob(job(id, { target: new Uint8Array(32).fill(0xff, 0, 31).fill(0x7f, 31) }));
      await until(() => told.has(id));
      await sleep(20);
    }
    expect([...told]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('finds all hits of a window under every rolled version, each once, and counts exactly', async () => {
    const hasher = make({ kernel });
    // 128 versions: more than one group of any kernel. The genesis version has bit 0 already.
    for (const [versionMask, bits] of [[0x0f0a_2001, 12], [0x0000_e000, 9]] as const) {
      const window = job(1, { target: easyTarget(bits), versionMask, nonceFrom: 77, nonceTo: 77 + 3000 });
      const before = hasher.stats().hashes;
      const hits = await searchAll(hasher, window);
      const expected = referenceHitsOf(window);
      expect(expected.length).toBeGreaterThan(20);
      expect(hits.map((hit) => `${hit.version}:${hit.nonce}`).sort()).toEqual(expected);
      expect(hasher.stats().hashes - before).toBe(BigInt(3001 * versionsOf(window).length));
    }
    expect(hasher.stats()).toMatchObject({ dropped: 0n, hardwareErrors: 0n });
  });

  it('moves every thread to a new job', async () => {
    const hasher = make({ kernel });
    for (let id = 1; id <= 5; id++) {
      const generation = hasher.setJob(job(id));
      await until(() => hasher.stats().perThread.every((thread) => thread.generation === generation));
    }
  });

  it('stands still while paused and goes on where it was', async () => {
    const hasher = make({ kernel });
    hasher.setJob(job(1));
    await until(() => hasher.stats().hashes > 0n);
    hasher.pause();
    await until(() => hasher.stats().perThread.every((thread) => !thread.hashing));
    const paused = hasher.stats().hashes;
    await sleep(30);
    expect(hasher.stats().hashes).toBe(paused);
    hasher.resume();
    await until(() => hasher.stats().hashes > paused);
    // At rest before the count is taken: a busy machine may let much time pass between two lines of this test.
    hasher.clearJob();
    await until(() => hasher.stats().perThread.every((thread) => !thread.hashing));
    // A window searched with a pause in the middle is still searched once, completely.
    const window = { target: DIFFICULTY_1, nonceFrom: GENESIS_NONCE - 100_000, nonceTo: GENESIS_NONCE + 100_000 };
    const before = hasher.stats().hashes;
    const all = searchAll(hasher, job(2, window));
    hasher.pause();
    await sleep(5);
    hasher.resume();
    expect((await all).map((hit) => hit.nonce)).toEqual([GENESIS_NONCE]);
    expect(hasher.stats().hashes - before).toBe(200_001n);
  });

  it('sleeps when its job is exhausted, or there is none', async () => {
    const hasher = make({ kernel });
    let exhausted = 0;
    hasher.events.on('exhausted', () => exhausted++);
    await searchAll(hasher, job(1, { nonceTo: 50_000 }));
    expect(await leastShare(100, 0.25)).toBeLessThan(0.5);
    expect(hasher.stats().perThread.some((thread) => thread.hashing)).toBe(false);
    hasher.setJob(job(2));
    await until(() => hasher.stats().hashes > 50_001n);
    hasher.clearJob();
    await until(() => hasher.stats().perThread.every((thread) => !thread.hashing));
    expect(exhausted).toBe(1);
  });

  it('keeps to its share of the time, and still takes a new job at once', async () => {
    const hasher = make({ kernel, threads: 1 });
    hasher.setJob(job(1));
    await until(() => hasher.stats().hashes > 0n);
    hasher.setLimitPercent(20);
    const hashes = hasher.stats().hashes;
    expect(await leastShare(400, 0.35)).toBeLessThan(0.5);
    expect(hasher.stats().hashes).toBeGreaterThan(hashes);
    hasher.setLimitPercent(1);
    await sleep(20);
    const generation = hasher.setJob(job(2));
    await until(() => hasher.stats().perThread[0]?.generation === generation);
  });

  it('survives a target that nearly every hash meets: drops and counts, keeps the event loop free', async () => {
    const hasher = make({ kernel });
    let hits = 0;
    let thisTurn = 0;
    let most = 0;
    hasher.events.on('hit', () => {
      hits++;
      if (thisTurn++ === 0) setImmediate(() => (thisTurn = 0));
      most = Math.max(most, thisTurn);
    });
    hasher.setJob(job(1, { target: Buffer.alloc(32, 0xff) }));
    await until(() => hasher.stats().dropped > 1000n && hits > 100);
    // Of a million a second. How many fit its 3 ms depends on the machine.
    expect(most).toBeLessThan(20_000);
    const before = hasher.stats().hashes;
    await until(() => hasher.stats().hashes > before);
    expect(hasher.stats().hardwareErrors).toBe(0n);
  });

  it('stops its threads, says nothing afterwards, and may be stopped twice', async () => {
    const hasher = make({ kernel });
    hasher.setJob(job(1, { target: easyTarget(8) }));
    await until(() => hasher.stats().hashes > 0n);
    let late = 0;
    await Promise.all([hasher.stop(), hasher.stop()]);
    hasher.events.on('hit', () => late++);
    const hashes = hasher.stats().hashes;
    hasher.setJob(job(2));
    hasher.resume();
    await sleep(20);
    expect(hasher.stats().hashes).toBe(hashes);
    expect(late).toBe(0);
  });

  it('can be stopped before it ever had a job', async () => {
    await make({ kernel }).stop();
  });
});

describe('hasher', () => {
  it('refuses malformed options and jobs by name', () => {
    for (const threads of [0, 1.5, -1, 5000, NaN]) expect(() => createHasher({ threads }), String(threads)).toThrow(RigError);
    expect(() => createHasher({ nice: 20 })).toThrow(/nice must be an integer from 0 to 19, not 20/);
    expect(() => createHasher({ limitPercent: 0 })).toThrow(/limitPercent/);
    expect(() => createHasher({ affinity: [-1] })).toThrow(/affinity\[0\]/);
    expect(() => createHasher({ kernel: 'mmx' })).toThrow(/no hash kernel "mmx"/);
    const hasher = make({});
    expect(() => hasher.setJob(job(1, { header: new Uint8Array(79) }))).toThrow(/header must be a Uint8Array of 80 bytes, not 79/);
    expect(() => hasher.setJob(job(1, { target: new Uint8Array(31) }))).toThrow(/target/);
    expect(() => hasher.setJob(job(1, { nonceFrom: 5, nonceTo: 4 }))).toThrow(/nonceTo/);
    expect(() => hasher.setJob(job(1, { nonceTo: 2 ** 32 }))).toThrow(/nonceTo/);
    expect(() => hasher.setJob(job(1, { versionMask: -1 }))).toThrow(/versionMask/);
    expect(() => hasher.setJob(job(-1))).toThrow(/id/);
    expect(() => hasher.setLimitPercent(101)).toThrow(/limitPercent/);
  });

  it('says in one line which kernel it uses and why not a better one', async () => {
    const lines: string[] = [];
    const note = (level: string) => (_: object, message = '') => void lines.push(`${level}: ${message}`);
    const log = { trace() {}, debug() {}, warn: note('warn'), error() {}, info: note('info'), child: () => log };
    await createHasher({ kernel: 'js', log }).stop();
    expect(lines).toEqual(['info: hash kernel js (JavaScript); asked for by name']);
    lines.length = 0;
    await createHasher({ root: '/nonexistent', log } as HasherOptions).stop();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn: hash kernel js \(JavaScript\); not used: .*prebuilds.*not there.*build\/native.*not there.*wasm.*not there/);
  });

  it('does not believe a kernel: a false hit is counted as a hardware error and not told', async () => {
    let options: EngineOptions | undefined;
    let working = false;
    const found = Uint32Array.of(GENESIS_NONCE, 1, GENESIS_NONCE + 1, 1);
    const engine: Engine = {
      counters: new BigUint64Array(32),
      setJob: () => ((working = true), 1),
      clearJob() {},
      setPaused() {},
      setLimit() {},
      drain(out) {
        if (!working) return 0;
        out.set(found);
        return out.length && engine.counters[SEARCH.exhaustedGeneration] === 0n ? ((engine.counters[SEARCH.exhaustedGeneration] = 1n), 2) : 0;
      },
      stop() {},
      close() {},
    };
    const kernel: Kernel = {
      info: { kernel: 'false', isa: 'none', lanes: 1, versions: 1, source: 'js' },
      scanner: () => {
        throw new Error('not used');
      },
      open: (given) => ((options = given), engine),
    };
    const hasher = new KernelHasher(kernel, { threads: 1, nice: 0, limitPercent: 100, affinity: [] });
    const told: string[] = [];
    hasher.events.on('hit', (hit) => told.push(`hit ${hit.nonce}`));
    hasher.events.on('exhausted', (id) => told.push(`exhausted ${id}`));
    hasher.setJob(job(9, { target: DIFFICULTY_1 }));
    options?.onWake();
    expect(told).toEqual([`hit ${GENESIS_NONCE}`, 'exhausted 9']);
    expect(hasher.stats().hardwareErrors).toBe(1n);
    await hasher.stop();
  });
});
